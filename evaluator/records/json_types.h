// JSON conversions of the types that the evaluator's records use. Private to the files that read
// and write records as JSON.
#ifndef ASSAY_EVALUATOR_RECORDS_JSON_TYPES_H_
#define ASSAY_EVALUATOR_RECORDS_JSON_TYPES_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

// Writes an absent value as null.
template <typename T>
struct nlohmann::adl_serializer<std::optional<T>> {
  static void to_json(json& json, const std::optional<T>& value) {
    json = value ? nlohmann::json(*value) : nlohmann::json(nullptr);
  }
  static void from_json(const json& json, std::optional<T>& value) {
    if (json.is_null()) {
      value.reset();
    } else {
      value = json.get<T>();
    }
  }
};

// Writes a time as microseconds since the Unix epoch.
template <>
struct nlohmann::adl_serializer<absl::Time> {
  static void to_json(json& json, const absl::Time& time) { json = absl::ToUnixMicros(time); }
  static void from_json(const json& json, absl::Time& time) {
    time = absl::FromUnixMicros(json.get<int64_t>());
  }
};

// Writes a duration in microseconds.
template <>
struct nlohmann::adl_serializer<absl::Duration> {
  static void to_json(json& json, const absl::Duration& duration) {
    json = absl::ToInt64Microseconds(duration);
  }
  static void from_json(const json& json, absl::Duration& duration) {
    duration = absl::Microseconds(json.get<int64_t>());
  }
};

namespace assay::evaluator {

// Returns `json` as compact text. Invalid UTF-8 becomes U+FFFD.
inline std::string DumpJson(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Parses `text` and converts it with `read`. Returns DATA_LOSS with the syntax error, or with the
// field that is missing or has another type.
template <typename Record>
absl::StatusOr<Record> ParseJson(std::string_view text, Record (*read)(const nlohmann::json&)) {
  try {
    return read(nlohmann::json::parse(text));
  } catch (const nlohmann::json::exception& e) {
    return absl::DataLossError(absl::StrCat("stored JSON: ", e.what()));
  }
}

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_JSON_TYPES_H_
