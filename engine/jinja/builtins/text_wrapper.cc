// Python's textwrap.wrap().
#include "engine/jinja/builtins/text_wrapper.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "engine/unicode/characters.h"
#include "engine/unicode/python_characters.h"

namespace assay::jinja {
namespace {

using Text = std::u32string;
using TextView = std::u32string_view;

constexpr unsigned kWordClasses =
    unicode::kAlpha | unicode::kDecimal | unicode::kDigit | unicode::kNumeric;

bool IsSpace(char32_t c) { return (c >= 0x9 && c <= 0xD) || c == ' '; }
bool IsWord(char32_t c) { return c == '_' || unicode::HasClass(c, kWordClasses); }
bool IsLetter(char32_t c) { return IsWord(c) && !unicode::HasClass(c, unicode::kDecimal); }
bool IsWordPunctuation(char32_t c) {
  return IsWord(c) || TextView(U"!\"'&.,?").find(c) != TextView::npos;
}

// The pattern wordsep_re of textwrap, as a function for each of its parts.
class Splitter {
 public:
  explicit Splitter(TextView text) : text_(text) {}

  // Returns the end of the chunk that begins at `at`.
  size_t ChunkEnd(size_t at) const {
    if (IsSpace(text_[at])) return SpaceEnd(at);
    if (IsDash(at)) return DashEnd(at);
    for (size_t end = at + 1;; ++end) {
      if (IsHyphenBreak(end)) return end + 1;
      if (end >= text_.size() || IsSpace(text_[end]) || IsDash(end)) return end;
    }
  }
  size_t SpaceEnd(size_t at) const {
    while (at < text_.size() && IsSpace(text_[at])) ++at;
    return at;
  }

 private:
  // The character at `at`, or 0 outside of the text.
  char32_t At(size_t at) const { return at < text_.size() ? text_[at] : U'\0'; }

  size_t DashEnd(size_t at) const {
    while (At(at) == '-') ++at;
    return at;
  }
  // True at two or more hyphens between words.
  bool IsDash(size_t at) const {
    return at > 0 && IsWordPunctuation(text_[at - 1]) && DashEnd(at) >= at + 2 &&
           DashEnd(at) < text_.size() && IsWord(text_[DashEnd(at)]);
  }
  // True at a hyphen after which a word may be broken.
  bool IsHyphenBreak(size_t at) const {
    if (At(at) != '-') return false;
    const bool after_letters = at >= 2 && IsLetter(text_[at - 1]) && IsLetter(text_[at - 2]);
    const bool after_short = at >= 3 && IsWordPunctuation(text_[at - 1]) && text_[at - 2] == '-' &&
                             IsLetter(text_[at - 3]);
    if (!after_letters && !after_short) return false;
    return IsLetter(At(at + 1)) && IsLetter(At(at + 2) == '-' ? At(at + 3) : At(at + 2));
  }

  const TextView text_;
};

std::vector<TextView> SplitChunks(TextView text, bool on_hyphens) {
  const Splitter splitter(text);
  std::vector<TextView> chunks;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    if (on_hyphens) {
      end = splitter.ChunkEnd(at);
    } else if (IsSpace(text[at])) {
      end = splitter.SpaceEnd(at);
    } else {
      while (end < text.size() && !IsSpace(text[end])) ++end;
    }
    chunks.push_back(text.substr(at, end - at));
    at = end;
  }
  return chunks;
}

bool IsBlank(TextView text) {
  return std::all_of(text.begin(), text.end(),
                     [](char32_t c) { return unicode::IsPythonSpace(c); });
}

// Returns how much of a chunk that is longer than a line fits into `space`.
size_t BreakPosition(TextView chunk, size_t space, bool on_hyphens) {
  if (!on_hyphens || chunk.size() <= space) return space;
  const size_t hyphen = chunk.substr(0, space).rfind('-');
  if (hyphen == TextView::npos || hyphen == 0) return space;
  const TextView before = chunk.substr(0, hyphen);
  return before.find_first_not_of('-') == TextView::npos ? space : hyphen + 1;
}

std::string ToUtf8(const std::vector<TextView>& chunks) {
  std::string out;
  for (const TextView chunk : chunks) {
    for (const char32_t c : chunk) AppendUtf8(c, &out);
  }
  return out;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> WrapText(std::string_view text,
                                                  const WrapOptions& options) {
  if (options.width <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("wordwrap: a width of ", options.width, "; at least 1"));
  }
  const auto width = static_cast<size_t>(options.width);
  Text characters;
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = NextUtf8(text.substr(at));
    constexpr char32_t kReplacement = 0xFFFD;
    characters.push_back(step.valid ? step.code_point : kReplacement);
    at += step.bytes;
  }
  std::vector<TextView> chunks = SplitChunks(characters, options.break_on_hyphens);
  std::vector<std::string> lines;
  for (size_t next = 0; next < chunks.size();) {
    std::vector<TextView> line;
    size_t length = 0;
    if (!lines.empty() && IsBlank(chunks[next])) ++next;
    for (; next < chunks.size() && length + chunks[next].size() <= width; ++next) {
      line.push_back(chunks[next]);
      length += chunks[next].size();
    }
    if (next < chunks.size() && chunks[next].size() > width) {
      if (options.break_long_words) {
        const size_t end = BreakPosition(chunks[next], width - length, options.break_on_hyphens);
        line.push_back(chunks[next].substr(0, end));
        chunks[next].remove_prefix(end);
      } else if (line.empty()) {
        line.push_back(chunks[next++]);
      }
    }
    if (!line.empty() && IsBlank(line.back())) line.pop_back();
    if (!line.empty()) lines.push_back(ToUtf8(line));
  }
  return lines;
}

}  // namespace assay::jinja
