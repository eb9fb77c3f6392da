// Helpers for the readers of the components of tokenizer.json. Private to this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_COMPONENT_ACCESS_H_
#define ASSAY_ENGINE_TOKENIZER_COMPONENT_ACCESS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/formats/quoted.h"
#include "engine/tokenizer/json_access.h"
#include "engine/unicode/regex.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

// Returns UNIMPLEMENTED "WHAT 'TYPE' is not supported".
inline absl::Status Unsupported(const char* what, const std::string& type) {
  return absl::UnimplementedError(absl::StrCat(what, " ", Quoted(type), " is not supported"));
}

// Calls `read` for each object of the array under `key`.
template <typename Read>
absl::Status ForEach(const nlohmann::json& object, const char* key, Read read) {
  const nlohmann::json* items = FindMember(object, key);
  if (items == nullptr || !items->is_array()) return WrongMember(key, "a list");
  for (const nlohmann::json& item : *items) {
    RETURN_IF_ERROR(read(item));
  }
  return absl::OkStatus();
}

// Reads {"Regex": "..."} or {"String": "..."}.
inline absl::StatusOr<unicode::Regex> ReadPattern(const nlohmann::json& object) {
  const nlohmann::json* pattern = FindMember(object, "pattern");
  if (pattern == nullptr) return WrongMember("pattern", "an object");
  if (FindMember(*pattern, "Regex") != nullptr) {
    const absl::StatusOr<std::string> text = StringMember(*pattern, "Regex");
    return text.ok() ? unicode::Regex::Compile(*text) : text.status();
  }
  const absl::StatusOr<std::string> text = StringMember(*pattern, "String");
  return text.ok() ? unicode::Regex::Literal(*text) : text.status();
}

// Reads a string of exactly one character.
inline absl::StatusOr<std::string> CharacterMember(const nlohmann::json& object, const char* key) {
  ASSIGN_OR_RETURN(std::string character, StringMember(object, key));
  if (character.empty() || NextUtf8(character).bytes != character.size()) {
    return WrongMember(key, "a character");
  }
  return character;
}

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_COMPONENT_ACCESS_H_
