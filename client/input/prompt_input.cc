// Reads prompts, conversations and tools.
#include "client/input/prompt_input.h"

#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "nlohmann/json.hpp"

namespace assay::client {
namespace {

// The order of the keys is kept, because the model sees it.
using Json = nlohmann::ordered_json;

constexpr size_t kMaxInputBytes = size_t{1} << 20;
constexpr int kMaxDepth = 90;

absl::StatusOr<std::string> ReadAll(std::istream& in, const std::string& name) {
  std::string text(kMaxInputBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return absl::InvalidArgumentError(absl::StrCat(name, ": cannot be read"));
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kMaxInputBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": longer than ", kMaxInputBytes, " bytes"));
  }
  return text;
}

Json Parse(std::string_view text) {
  bool too_deep = false;
  const auto watch_depth = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  Json json = Json::parse(text, watch_depth, /*allow_exceptions=*/false);
  return too_deep ? Json(Json::value_t::discarded) : json;
}

// Returns the text as a JSON string. Bytes that are not UTF-8 become U+FFFD.
std::string Quote(const std::string& text) {
  return Json(text).dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

absl::StatusOr<Json> ParseList(const std::string& path, const std::string& text) {
  Json list = Parse(text);
  if (list.is_array() && !list.empty()) return list;
  return absl::InvalidArgumentError(absl::StrCat(
      path, list.is_discarded() ? ": is not JSON" : ": is not a JSON list of objects"));
}

absl::StatusOr<v1::ChatMessage> MessageOf(Json object) {
  if (!object.is_object()) return absl::InvalidArgumentError("is not an object");
  const auto role = object.find("role");
  if (role == object.end() || !role->is_string()) {
    return absl::InvalidArgumentError("\"role\" must be a string");
  }
  v1::ChatMessage message;
  message.set_role(role->get<std::string>());
  object.erase("role");
  const auto content = object.find("content");
  if (content != object.end() && content->is_string()) {
    message.set_content(content->get<std::string>());
    object.erase("content");
  }
  if (!object.empty()) message.set_fields_json(object.dump());
  return message;
}

}  // namespace

absl::StatusOr<std::string> ReadInput(const std::string& path, std::istream& in) {
  if (path == "-") return ReadAll(in, "standard input");
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat(path, ": cannot be opened"));
  return ReadAll(file, path);
}

absl::StatusOr<v1::ChatMessages> ReadMessages(const std::string& path, std::istream& in) {
  ASSIGN_OR_RETURN(const std::string text, ReadInput(path, in));
  ASSIGN_OR_RETURN(Json list, ParseList(path, text));
  v1::ChatMessages chat;
  for (Json& object : list) {
    absl::StatusOr<v1::ChatMessage> message = MessageOf(std::move(object));
    if (!message.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": message ", chat.messages_size() + 1,
                                                     ": ", message.status().message()));
    }
    *chat.add_messages() = *std::move(message);
  }
  return chat;
}

absl::StatusOr<std::string> ReadTools(const std::string& path, std::istream& in) {
  ASSIGN_OR_RETURN(std::string text, ReadInput(path, in));
  RETURN_IF_ERROR(ParseList(path, text).status());
  // The text as it is: writing the parsed list again would make floats of integers beyond 64 bits.
  return text;
}

absl::StatusOr<std::string> TemplateVariables(absl::Span<const std::string> settings) {
  if (settings.empty()) return "";
  std::vector<std::string> members;
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--set ", setting, ": must be NAME=VALUE, such as enable_thinking=false"));
    }
    const std::string value = setting.substr(equals + 1);
    // JSON is passed as it is, for the sake of integers beyond 64 bits.
    members.push_back(absl::StrCat(Quote(setting.substr(0, equals)), ":",
                                   Parse(value).is_discarded() ? Quote(value) : value));
  }
  return absl::StrCat("{", absl::StrJoin(members, ","), "}");
}

}  // namespace assay::client
