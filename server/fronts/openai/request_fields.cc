// Reads the fields of a JSON request.
#include "server/fronts/openai/request_fields.h"

#include <cmath>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "engine/formats/json_file.h"

namespace assay::server {
namespace {

using Json = nlohmann::json;

constexpr char kParam[] = "assay/param";

}  // namespace

absl::Status FieldError(std::string_view param, std::string_view message) {
  absl::Status status =
      absl::InvalidArgumentError(absl::StrCat(std::string(param), ": ", std::string(message)));
  status.SetPayload(kParam, absl::Cord(std::string(param)));
  return status;
}

std::string ParamOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kParam);
  return payload.has_value() ? std::string(*payload) : "";
}

RequestFields::RequestFields(const Json& object, std::string path)
    : object_(object), path_(std::move(path)) {}

std::string RequestFields::Path(std::string_view key) const {
  return path_.empty() ? std::string(key) : absl::StrCat(path_, ".", std::string(key));
}

void RequestFields::Fail(std::string_view key, std::string_view message) {
  if (status_.ok()) status_ = FieldError(Path(key), message);
}

void RequestFields::WrongType(const char* key, const Json& value, const char* expected) {
  Fail(key, absl::StrCat("is ", engine::ShortJson(value), "; give ", expected));
}

const Json* RequestFields::Any(const char* key) {
  known_.insert(key);
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::optional<std::string> RequestFields::String(const char* key) {
  const Json* const value = Any(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  WrongType(key, *value, "a string");
  return std::nullopt;
}

std::optional<bool> RequestFields::Bool(const char* key) {
  const Json* const value = Any(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  WrongType(key, *value, "true or false");
  return std::nullopt;
}

std::optional<double> RequestFields::Number(const char* key) {
  const Json* const value = Any(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->get<double>();
  WrongType(key, *value, "a number");
  return std::nullopt;
}

std::optional<int64_t> RequestFields::Int(const char* key, int64_t min, int64_t max) {
  const Json* const value = Any(key);
  if (value == nullptr) return std::nullopt;
  // Some clients write 5.0. The range is checked before the conversion, which is undefined outside.
  const double number = value->is_number() ? value->get<double>() : std::nan("");
  const bool in_range = number >= static_cast<double>(min) && number <= static_cast<double>(max);
  if (in_range && number == std::floor(number)) {
    return value->is_number_integer() ? value->get<int64_t>() : static_cast<int64_t>(number);
  }
  WrongType(key, *value, absl::StrCat("a whole number from ", min, " to ", max).c_str());
  return std::nullopt;
}

void RequestFields::Ignore(std::initializer_list<const char*> keys) {
  for (const char* key : keys) known_.insert(key);
}

void RequestFields::Refuse(const char* key, std::string_view instead, const Json& off) {
  const Json* const value = Any(key);
  if (value == nullptr || *value == off) return;
  Fail(key, absl::StrCat(engine::ShortJson(*value), " is not supported; ", std::string(instead)));
}

absl::Status RequestFields::Finish() {
  for (const auto& [key, value] : object_.items()) {
    if (!known_.contains(key)) Fail(key, "is not a field of this request; leave it out");
  }
  return status_;
}

}  // namespace assay::server
