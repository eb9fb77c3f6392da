// What happens to a text before it is cut.
#include "engine/tokenizer/normalizer.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/unicode/characters.h"
#include "engine/unicode/late_characters.h"

namespace assay::engine {
namespace {

constexpr size_t kMaxGrowth = 64;
constexpr size_t kAlwaysAllowed = 4096;

utf8proc_option_t OptionsOf(UnicodeForm form) {
  switch (form) {
    case UnicodeForm::kNfc:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    case UnicodeForm::kNfd:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
    case UnicodeForm::kNfkc:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    case UnicodeForm::kNfkd:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
  }
  return UTF8PROC_STABLE;
}

bool IsLate(uint32_t code_point) {
  const auto* const it = std::lower_bound(
      std::begin(unicode::kLateCharacters), std::end(unicode::kLateCharacters), code_point,
      [](const unicode::CharacterRange& range, uint32_t code) { return range.last < code; });
  return it != std::end(unicode::kLateCharacters) && it->first <= code_point;
}

absl::Status AppendNormal(std::string_view text, utf8proc_option_t options, std::string* out) {
  if (text.empty()) return absl::OkStatus();
  utf8proc_uint8_t* mapped = nullptr;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const utf8proc_ssize_t size =
      utf8proc_map(bytes, static_cast<utf8proc_ssize_t>(text.size()), &mapped, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  if (size < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("the text cannot be normalized: ", utf8proc_errmsg(size)));
  }
  out->append(reinterpret_cast<const char*>(mapped), static_cast<size_t>(size));
  return absl::OkStatus();
}

// Most texts: nothing there to compose or reorder.
bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

absl::Status GrowsTooMuch() {
  return absl::InvalidArgumentError(
      "the text grows without measure where the tokenizer normalizes it");
}

struct Normalizing {
  std::string text;
  // Bytes of what comes out.
  size_t limit;

  // Late characters stay, and part what is around them.
  absl::StatusOr<std::string> operator()(UnicodeForm form) const {
    if (IsAscii(text)) return text;
    const utf8proc_option_t options = OptionsOf(form);
    std::string out;
    size_t done = 0;
    for (size_t at = 0; at < text.size();) {
      const Utf8Step step = NextUtf8(std::string_view(text).substr(at));
      const size_t next = at + step.bytes;
      if (IsLate(step.code_point)) {
        const std::string_view before = std::string_view(text).substr(done, at - done);
        RETURN_IF_ERROR(AppendNormal(before, options, &out));
        out.append(text, at, step.bytes);
        done = next;
      }
      at = next;
    }
    RETURN_IF_ERROR(AppendNormal(std::string_view(text).substr(done), options, &out));
    return out;
  }

  absl::StatusOr<std::string> operator()(const Lowercase&) const {
    std::string lower;
    for (std::string_view rest = text; !rest.empty();) {
      const Utf8Step step = NextUtf8(rest);
      AppendUtf8(
          static_cast<uint32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(step.code_point))),
          &lower);
      rest.remove_prefix(step.bytes);
    }
    return lower;
  }

  absl::StatusOr<std::string> operator()(const StripSpaces& strip) const {
    std::string_view rest = text;
    if (strip.left) rest.remove_prefix(unicode::LeadingSpaces(rest));
    if (strip.right) rest.remove_suffix(unicode::TrailingSpaces(rest));
    return std::string(rest);
  }

  absl::StatusOr<std::string> operator()(const Prepend& prepend) const {
    if (text.empty()) return text;
    if (text.size() + prepend.text.size() > limit) return GrowsTooMuch();
    return prepend.text + text;
  }

  absl::StatusOr<std::string> operator()(const Replace& replace) const {
    ASSIGN_OR_RETURN(const std::vector<unicode::Regex::Range> matches,
                     replace.pattern.FindAll(text));
    if (matches.empty()) return text;
    std::string out;
    size_t at = 0;
    for (const unicode::Regex::Range& match : matches) {
      // Before it is there: a match may be a byte, or none, and the content megabytes.
      if (out.size() + (match.begin - at) + replace.content.size() > limit) return GrowsTooMuch();
      out.append(text, at, match.begin - at).append(replace.content);
      at = match.end;
    }
    return out.append(text, at);
  }
};

}  // namespace

absl::StatusOr<std::string> Normalize(const std::vector<NormalizerStep>& steps, std::string text) {
  const size_t limit = text.size() * kMaxGrowth + kAlwaysAllowed;
  for (const NormalizerStep& step : steps) {
    ASSIGN_OR_RETURN(std::string next, std::visit(Normalizing{std::move(text), limit}, step));
    text = std::move(next);
    if (text.size() > limit) return GrowsTooMuch();
  }
  return text;
}

}  // namespace assay::engine
