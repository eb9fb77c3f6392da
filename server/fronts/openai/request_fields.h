// Reads the fields of a JSON request.
#ifndef ASSAY_SERVER_FRONTS_OPENAI_REQUEST_FIELDS_H_
#define ASSAY_SERVER_FRONTS_OPENAI_REQUEST_FIELDS_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"

namespace assay::server {

// Returns INVALID_ARGUMENT for a field of a request. `param` is its path ("messages[2].content").
absl::Status FieldError(std::string_view param, std::string_view message);

// Returns the field that an error is about; empty if it names none.
std::string ParamOf(const absl::Status& status);

// Reads the fields of one JSON object and keeps the first error. A field that is absent or null has
// no value. Every field of the object must be read, ignored or refused: Finish() refuses others by
// name. Not thread-safe.
class RequestFields {
 public:
  // `object` must outlive this one. `path` precedes the names in errors ("messages[2]"); may be
  // empty.
  explicit RequestFields(const nlohmann::json& object, std::string path = "");

  std::optional<std::string> String(const char* key);
  std::optional<bool> Bool(const char* key);
  std::optional<double> Number(const char* key);
  // A whole number in [min, max].
  std::optional<int64_t> Int(const char* key, int64_t min, int64_t max);
  // Any value but null; nullptr if there is none.
  const nlohmann::json* Any(const char* key);
  // Fields that the API allows and that change nothing here.
  void Ignore(std::initializer_list<const char*> keys);
  // A field that has no support: an error, unless its value is `off`. `instead` says what to do.
  void Refuse(const char* key, std::string_view instead, const nlohmann::json& off = nullptr);
  void Fail(std::string_view key, std::string_view message);

  // Returns the path of a field.
  std::string Path(std::string_view key) const;
  bool ok() const { return status_.ok(); }
  // Returns the first error so far.
  const absl::Status& FirstError() const { return status_; }
  // Returns the first error, which may be that of a field that was not read.
  absl::Status Finish();

 private:
  void WrongType(const char* key, const nlohmann::json& value, const char* expected);

  const nlohmann::json& object_;
  const std::string path_;
  std::unordered_set<std::string> known_;
  absl::Status status_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_FRONTS_OPENAI_REQUEST_FIELDS_H_
