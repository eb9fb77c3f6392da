// Rows of data sets as prompts.
#include "client/input/prompt_columns.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "nlohmann/json.hpp"

namespace assay::client {
namespace {

using Json = nlohmann::json;

constexpr char kPrompt[] = "prompt";
constexpr char kSystem[] = "system";
constexpr char kConstraints[] = "constraints";
constexpr char kSource[] = "source";
// Messages are looked up as they are in the formats of OpenAI and of ShareGPT.
constexpr const char* kConversations[] = {"messages", "conversations"};

absl::Status Wrong(const std::string& column, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("column \"", column, "\" ", what));
}

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

absl::Status NoColumn(const std::string& what, const std::vector<std::string>& names) {
  return absl::InvalidArgumentError(
      absl::StrCat(what, "; the columns are ", absl::StrJoin(names, ", ")));
}

// Returns the first text among the keys of a message. Empty: there is none.
std::string Text(const Json& message, const char* key, const char* other) {
  for (const char* name : {key, other}) {
    const auto found = message.find(name);
    if (found != message.end() && found->is_string()) return found->get<std::string>();
  }
  return "";
}

std::string Shown(const Json& value) {
  constexpr size_t kShownBytes = 40;
  const std::string text = value.dump();
  return std::string(Utf8Prefix(text, kShownBytes));
}

bool IsUser(const std::string& role) { return role == "user" || role == "human"; }

// Adds the system message and the first message of the user.
absl::Status AddConversation(const std::string& column, const Json& messages, Json* object) {
  size_t next = 0;
  const auto role = [&] {
    const bool is_message = next < messages.size() && messages[next].is_object();
    return is_message ? Text(messages[next], "role", "from") : "";
  };
  if (role() == kSystem) {
    const std::string system = Text(messages[next], "content", "value");
    if (!system.empty()) (*object)[kSystem] = system;
    ++next;
  }
  if (!IsUser(role())) {
    return Wrong(
        column,
        absl::StrCat("must begin with the user's message, after at most one system message; "
                     "message ",
                     next + 1, " has the role '", role(), "'"));
  }
  std::string text = Text(messages[next], "content", "value");
  if (text.empty()) {
    return Wrong(column,
                 "has a message of the user without text, such as an image; leave such "
                 "rows out of the table");
  }
  (*object)[kPrompt] = std::move(text);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<PromptPart>> FindParts(const PromptColumns& columns,
                                                  const std::vector<std::string>& names) {
  std::vector<PromptPart> parts;
  const std::pair<const char*, const std::string*> named[] = {
      {"id", &columns.id},
      {"content_type", &columns.content_type},
      {kPrompt, &columns.prompt},
      {kSystem, &columns.system},
      {"reference", &columns.reference},
      {"cluster", &columns.cluster}};
  for (const auto& [part, column] : named) {
    if (!column->empty() && !Has(names, *column)) {
      return NoColumn(absl::StrCat("there is no column \"", *column, "\""), names);
    }
    if (!column->empty()) {
      parts.push_back({.part = part, .column = *column});
    } else if (Has(names, part)) {
      parts.push_back({.part = part, .column = part});
    }
  }
  for (const char* part : {kConstraints, kSource}) {
    if (Has(names, part)) parts.push_back({.part = part, .column = part});
  }
  const auto is_prompt = [](const PromptPart& part) { return part.part == kPrompt; };
  if (std::any_of(parts.begin(), parts.end(), is_prompt)) return parts;
  for (const char* conversation : kConversations) {
    if (!Has(names, conversation)) continue;
    parts.push_back({.part = kPrompt, .column = conversation});
    return parts;
  }
  return NoColumn("there is no column \"prompt\"; name it with --prompt-column", names);
}

absl::StatusOr<Json> PromptObject(const std::vector<PromptPart>& parts, const Json& values) {
  Json object = Json::object();
  for (const PromptPart& part : parts) {
    const auto found = values.find(part.column);
    const bool is_null = found == values.end() || found->is_null();
    if (is_null && part.part == kPrompt) {
      return Wrong(part.column, "is null; every row needs a prompt");
    }
    if (is_null) continue;
    if (part.part == kPrompt && found->is_array()) {
      RETURN_IF_ERROR(AddConversation(part.column, *found, &object));
    } else if (found->is_string() || part.part == kConstraints) {
      // A text column of the system message has precedence over the conversation's.
      object[part.part] = *found;
    } else if (part.part == "id" && found->is_number_integer()) {
      object[part.part] = found->dump();
    } else {
      return Wrong(part.column,
                   absl::StrCat("has the value ", Shown(*found), ", but must be text"));
    }
  }
  return object;
}

}  // namespace assay::client
