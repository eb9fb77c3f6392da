// Reads hyperparameters and checks their bounds.
#include "engine/architectures/config_reader.h"

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/formats/json_file.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

const Json& EmptyObject() {
  static const Json* const kEmpty = new Json(Json::object());
  return *kEmpty;
}

}  // namespace

ConfigReader::ConfigReader(const Json& config, std::string path,
                           std::function<std::string(std::string_view)> name_of)
    : config_(config), path_(std::move(path)), name_of_(std::move(name_of)) {}

const Json* ConfigReader::Find(std::initializer_list<const char*> keys, std::string* found) const {
  for (const char* key : keys) {
    const auto it = config_.find(key);
    if (it == config_.end() || it->is_null()) continue;
    *found = key;
    return &*it;
  }
  return nullptr;
}

bool ConfigReader::Has(std::string_view key) const {
  const auto it = config_.find(key);
  return it != config_.end() && !it->is_null();
}

bool ConfigReader::IsNull(std::string_view key) const {
  const auto it = config_.find(key);
  return it != config_.end() && it->is_null();
}

std::string ConfigReader::NameOf(std::string_view key) const {
  return name_of_ ? name_of_(key) : std::string(key);
}

std::string ConfigReader::NamesOf(std::initializer_list<const char*> keys) const {
  // Files with other names have only one per key.
  if (name_of_) return NameOf(*keys.begin());
  return absl::StrJoin(keys, " or ", [](std::string* out, const char* key) { out->append(key); });
}

void ConfigReader::Fail(const std::string& message) {
  if (status_.ok()) status_ = absl::DataLossError(absl::StrCat(path_, ": ", message));
}

void ConfigReader::Unsupported(const std::string& message) {
  if (status_.ok()) status_ = absl::UnimplementedError(absl::StrCat(path_, ": ", message));
}

void ConfigReader::Merge(const ConfigReader& other) { status_.Update(other.status_); }

void ConfigReader::WrongType(const std::string& key, const Json& value, const char* expected) {
  Fail(absl::StrCat(NameOf(key), " is ", ShortJson(value), ", not ", expected));
}

int64_t ConfigReader::CheckedInt(const Json& value, const std::string& key, int64_t max) {
  if (!value.is_number_integer()) {
    WrongType(key, value, "a whole number");
    return 1;
  }
  // Numbers from GGUF files are always signed here.
  const bool too_large = value.is_number_unsigned()
                             ? value.get<uint64_t>() > static_cast<uint64_t>(max)
                             : value.get<int64_t>() > max;
  if (too_large || value.get<int64_t>() < 1) {
    Fail(absl::StrCat(NameOf(key), " is ", ShortJson(value), ", outside 1 to ", max));
    return 1;
  }
  return value.get<int64_t>();
}

double ConfigReader::CheckedFloat(const Json& value, const std::string& key, double min,
                                  double max) {
  if (!value.is_number()) {
    WrongType(key, value, "a number");
    return max;
  }
  const auto number = value.get<double>();
  if (number > min && number < max) return number;
  Fail(absl::StrCat(NameOf(key), " is ", number, "; it must lie between ", min, " and ", max));
  return max;
}

int64_t ConfigReader::IntOr(std::initializer_list<const char*> keys, int64_t max,
                            int64_t fallback) {
  std::string key;
  const Json* value = Find(keys, &key);
  return value == nullptr ? fallback : CheckedInt(*value, key, max);
}

double ConfigReader::Float(std::initializer_list<const char*> keys, double min, double max) {
  std::string key;
  if (const Json* value = Find(keys, &key)) return CheckedFloat(*value, key, min, max);
  Fail(absl::StrCat("the key ", NamesOf(keys), " is missing"));
  return max;
}

double ConfigReader::FloatOr(std::initializer_list<const char*> keys, double min, double max,
                             double fallback) {
  std::string key;
  const Json* value = Find(keys, &key);
  return value == nullptr ? fallback : CheckedFloat(*value, key, min, max);
}

bool ConfigReader::IsTruthy(std::string_view key) const {
  const auto it = config_.find(key);
  if (it == config_.end()) return false;
  if (it->is_boolean()) return it->get<bool>();
  if (it->is_number()) return it->get<double>() != 0.0;
  if (it->is_string()) return !it->get_ref<const std::string&>().empty();
  return !it->empty();
}

bool ConfigReader::BoolOr(const char* key, bool fallback) {
  std::string found;
  if (IsNull(key)) return false;
  const Json* value = Find({key}, &found);
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  WrongType(key, *value, "true or false");
  return fallback;
}

std::string ConfigReader::StringOr(std::initializer_list<const char*> keys,
                                   const std::string& fallback) {
  std::string key;
  const Json* value = Find(keys, &key);
  if (value == nullptr) return fallback;
  if (value->is_string()) return value->get<std::string>();
  WrongType(key, *value, "a string");
  return fallback;
}

std::vector<float> ConfigReader::FloatsOrEmpty(const char* key, size_t max_size) {
  std::string found;
  const Json* value = Find({key}, &found);
  if (value == nullptr) return {};
  std::vector<float> floats;
  if (!value->is_array() || value->size() > max_size) {
    WrongType(key, *value, "a list of numbers of the expected length");
    return {};
  }
  for (const Json& item : *value) {
    if (!item.is_number() || std::abs(item.get<double>()) > std::numeric_limits<float>::max()) {
      WrongType(key, item, "a number of single precision");
      return {};
    }
    floats.push_back(item.get<float>());
  }
  return floats;
}

std::vector<std::string> ConfigReader::StringsOrEmpty(const char* key, size_t max_size) {
  std::string found;
  const Json* value = Find({key}, &found);
  if (value == nullptr) return {};
  std::vector<std::string> strings;
  if (!value->is_array() || value->size() > max_size) {
    WrongType(key, *value, "a list of strings of the expected length");
    return {};
  }
  for (const Json& item : *value) {
    if (!item.is_string()) {
      WrongType(key, item, "a string");
      return {};
    }
    strings.push_back(item.get<std::string>());
  }
  return strings;
}

std::vector<int64_t> ConfigReader::IntsOrEmpty(const char* key, size_t max_size) {
  std::string found;
  const Json* value = Find({key}, &found);
  if (value == nullptr) return {};
  std::vector<int64_t> ints;
  if (!value->is_array() || value->size() > max_size) {
    WrongType(key, *value, "a list of whole numbers of the expected length");
    return {};
  }
  for (const Json& item : *value) {
    if (!item.is_number_integer()) {
      WrongType(key, item, "a whole number");
      return {};
    }
    ints.push_back(item.get<int64_t>());
  }
  return ints;
}

ConfigReader ConfigReader::Of(const char* key, const Json& object) const {
  return {object, path_, [name_of = name_of_, key = std::string(key)](std::string_view inner) {
            std::string name = absl::StrCat(key, ".", std::string(inner));
            return name_of ? name_of(name) : name;
          }};
}

ConfigReader ConfigReader::Object(const char* key) const {
  const auto it = config_.find(key);
  const bool is_object = it != config_.end() && it->is_object();
  ConfigReader reader = Of(key, is_object ? *it : EmptyObject());
  if (it != config_.end() && !it->is_null() && !is_object) {
    reader.Fail(absl::StrCat(NameOf(key), " is ", ShortJson(*it), ", not an object"));
  }
  return reader;
}

}  // namespace assay::engine
