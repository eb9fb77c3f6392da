// Reads members of JSON objects and checks their types. Private to this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_JSON_ACCESS_H_
#define ASSAY_ENGINE_TOKENIZER_JSON_ACCESS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

// Returns DATA_LOSS "'KEY' is not EXPECTED".
inline absl::Status WrongMember(const char* key, const char* expected) {
  return absl::DataLossError(absl::StrCat("'", key, "' is not ", expected));
}

// Returns null if `object` is not an object, or if the member is absent or null.
inline const nlohmann::json* FindMember(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(key);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

inline absl::StatusOr<std::string> StringMember(const nlohmann::json& object, const char* key) {
  const nlohmann::json* value = FindMember(object, key);
  if (value == nullptr || !value->is_string()) return WrongMember(key, "a string");
  return value->get<std::string>();
}

inline absl::StatusOr<bool> BoolMember(const nlohmann::json& object, const char* key,
                                       bool fallback) {
  const nlohmann::json* value = FindMember(object, key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) return WrongMember(key, "true or false");
  return value->get<bool>();
}

// Reads an integer from 0 to `max`.
inline absl::StatusOr<int64_t> IntMember(const nlohmann::json& object, const char* key,
                                         int64_t max) {
  const nlohmann::json* value = FindMember(object, key);
  if (value == nullptr || !value->is_number_unsigned() ||
      value->get<uint64_t>() > static_cast<uint64_t>(max)) {
    return absl::DataLossError(absl::StrCat("'", key, "' is not an integer from 0 to ", max));
  }
  return value->get<int64_t>();
}

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_JSON_ACCESS_H_
