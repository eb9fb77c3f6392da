// The chat templates of a model, and which of them renders a conversation.
#include "engine/chat/chat_templates.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/utf8.h"

namespace assay::engine {
namespace {

constexpr std::string_view kDefault = "default";
constexpr std::string_view kToolUse = "tool_use";

absl::StatusOr<std::unique_ptr<ChatTemplate>> Parse(const std::string& source) {
  if (const std::optional<size_t> bad = FindInvalidUtf8(source); bad.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("it is not valid UTF-8 at byte ", *bad));
  }
  return ChatTemplate::Parse(source);
}

}  // namespace

ChatTemplates::ChatTemplates(const absl::StatusOr<std::vector<NamedTemplate>>& sources)
    : status_(sources.status()) {
  if (!sources.ok()) return;
  for (const NamedTemplate& named : *sources) {
    entries_.push_back({.name = named.name, .parsed = Parse(named.source)});
  }
}

absl::Status ChatTemplates::status() const {
  if (!status_.ok() || entries_.empty()) return status_;
  for (const Entry& entry : entries_) {
    if (entry.parsed.ok()) return absl::OkStatus();
  }
  return entries_.front().parsed.status();
}

absl::StatusOr<const ChatTemplates::Entry*> ChatTemplates::Choose(const std::string& name,
                                                                  bool has_tools,
                                                                  const std::string& model) const {
  const auto cannot = [&](const absl::Status& why) {
    return absl::FailedPreconditionError(
        absl::StrCat("the chat template of model ", model, " cannot be used: ", why.message(),
                     "; send a raw prompt, or repair the template"));
  };
  if (!status_.ok()) return cannot(status_);
  const auto find = [this](std::string_view wanted) {
    return std::find_if(entries_.begin(), entries_.end(),
                        [wanted](const Entry& entry) { return entry.name == wanted; });
  };
  auto found = find(name);
  if (name.empty() && has_tools) found = find(kToolUse);
  if (name.empty() && found == entries_.end()) found = find(kDefault);
  if (found == entries_.end()) {
    const std::string names = absl::StrJoin(
        entries_, ", ", [](std::string* out, const Entry& entry) { out->append(entry.name); });
    return absl::InvalidArgumentError(absl::StrCat(
        "model ", model, " has no chat template named '",
        name.empty() ? std::string(kDefault) : name,
        "'; name one of its templates (chat_template: ", names, ") or send a raw prompt"));
  }
  if (!found->parsed.ok()) return cannot(found->parsed.status());
  return &*found;
}

}  // namespace assay::engine
