// Marks what in a caller's texts must not become special tokens.
#include "engine/chat/data_marks.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "base/work_limit.h"

namespace assay::engine {

// Values nest at most jinja::kMaxNesting levels, which bounds the recursion here and in Mark().
void DataMarks::Read(const jinja::Value& value, bool by_model) {
  if (!guard_) return;
  if (const std::string* text = value.AsString()) {
    chooser_.Add(*text);
    for (const TextRange& range : guard_(*text, by_model)) {
      has_ranges_ = true;
      if (range.begin < range.end) {
        spellings_.insert(text->substr(range.begin, range.end - range.begin));
      }
    }
  } else if (const jinja::Sequence* sequence = value.AsSequence()) {
    for (const jinja::Value& item : sequence->items) Read(item, by_model);
  } else if (const jinja::Map* map = value.AsMap()) {
    for (const auto& [key, item] : map->entries()) {
      Read(key, by_model);
      Read(item, by_model);
    }
  }
}

absl::Status DataMarks::Choose(std::string_view source) {
  // A guard stops early at the limit.
  RETURN_IF_ERROR(WorkLimit::Check());
  if (!has_ranges_) return absl::OkStatus();
  chooser_.Add(source);
  std::optional<std::string> open = chooser_.Choose();
  std::optional<std::string> close = chooser_.Choose();
  if (!open.has_value() || !close.has_value()) {
    return absl::InvalidArgumentError(
        "the messages spell special tokens and contain the noncharacters from U+FDD0 to U+FDEF; "
        "remove two of these");
  }
  open_ = *std::move(open);
  close_ = *std::move(close);
  return absl::OkStatus();
}

std::string DataMarks::MarkText(std::string_view text, const std::vector<TextRange>& ranges) const {
  std::string out;
  size_t copied = 0;
  for (const TextRange& range : ranges) {
    out.append(text.substr(copied, range.begin - copied));
    out.append(open_);
    copied = range.begin;
    if (range.begin == range.end) continue;
    out.append(text.substr(range.begin, range.end - range.begin));
    out.append(close_);
    copied = range.end;
  }
  return out.append(text.substr(copied));
}

absl::StatusOr<jinja::Value> DataMarks::MarkMap(const jinja::Map& map, bool by_model) const {
  jinja::Map marked;
  for (const auto& [key, item] : map.entries()) {
    ASSIGN_OR_RETURN(jinja::Value marked_key, Mark(key, by_model));
    ASSIGN_OR_RETURN(jinja::Value marked_item, Mark(item, by_model));
    RETURN_IF_ERROR(marked.Set(std::move(marked_key), std::move(marked_item)));
  }
  return MakeMap(std::move(marked));
}

absl::StatusOr<jinja::Value> DataMarks::Mark(const jinja::Value& value, bool by_model) const {
  if (open_.empty()) return value;
  if (const std::string* text = value.AsString()) {
    const std::vector<TextRange> ranges = guard_(*text, by_model);
    RETURN_IF_ERROR(WorkLimit::Check());
    return ranges.empty() ? value : jinja::Value::String(MarkText(*text, ranges));
  }
  if (const jinja::Sequence* sequence = value.AsSequence()) {
    jinja::List items;
    items.reserve(sequence->items.size());
    for (const jinja::Value& item : sequence->items) {
      ASSIGN_OR_RETURN(jinja::Value marked, Mark(item, by_model));
      items.push_back(std::move(marked));
    }
    return MakeSequence(sequence->kind, std::move(items));
  }
  if (const jinja::Map* map = value.AsMap()) return MarkMap(*map, by_model);
  return value;
}

MarkedText DataMarks::Unmark(std::string text) const {
  if (open_.empty()) return {.text = std::move(text), .offsets = {}};
  const std::string_view marked = text;
  MarkedText out;
  // Two texts may meet at one place. Only the beginning of a spelling is listed twice.
  const auto add = [&out](size_t offset) {
    if (out.offsets.empty() || out.offsets.back() != offset) out.offsets.push_back(offset);
  };
  // Where the spelling begins that has been opened and not yet closed, or npos.
  size_t opened = std::string::npos;
  for (size_t at = 0; at < marked.size();) {
    const std::string_view rest = marked.substr(at);
    if (rest.starts_with(open_)) {
      opened = out.text.size();
      add(opened);
      at += open_.size();
    } else if (rest.starts_with(close_)) {
      const size_t end = out.text.size();
      if (opened != std::string::npos && spellings_.contains(out.text.substr(opened))) {
        out.offsets.push_back(opened);
        for (size_t i = opened;
             (i += NextUtf8(std::string_view(out.text).substr(i)).bytes) < end;) {
          out.offsets.insert(out.offsets.end(), {i, i});
        }
      }
      add(end);
      opened = std::string::npos;
      at += close_.size();
    } else {
      const size_t bytes = NextUtf8(rest).bytes;
      out.text.append(rest.substr(0, bytes));
      at += bytes;
    }
  }
  return out;
}

}  // namespace assay::engine
