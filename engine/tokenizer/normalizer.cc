// Normalizes a text before pre-tokenization.
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

// The result may have kMaxGrowth times the bytes of the text, plus kAlwaysAllowed.
constexpr size_t kMaxGrowth = 64;
constexpr size_t kAlwaysAllowed = 4096;

utf8proc_option_t ToUtf8ProcOptions(UnicodeForm form) {
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

bool IsLateCharacter(uint32_t code_point) {
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

// ASCII, which most texts are, has nothing to compose or reorder.
bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

absl::Status GrowthError() {
  return absl::InvalidArgumentError(absl::StrCat(
      "the tokenizer's normalizer makes the text more than ", kMaxGrowth, " times as long"));
}

// Applies one step to `text`.
struct NormalizerVisitor {
  std::string text;
  // The maximum size of the result in bytes.
  size_t limit;

  // Late characters stay as they are and separate the parts that are normalized.
  absl::StatusOr<std::string> operator()(UnicodeForm form) const {
    if (IsAscii(text)) return text;
    const utf8proc_option_t options = ToUtf8ProcOptions(form);
    std::string out;
    size_t done = 0;
    for (size_t at = 0; at < text.size();) {
      const Utf8Step step = NextUtf8(std::string_view(text).substr(at));
      const size_t next = at + step.bytes;
      if (IsLateCharacter(step.code_point)) {
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
    if (strip.left) rest.remove_prefix(unicode::LeadingSpaceBytes(rest));
    if (strip.right) rest.remove_suffix(unicode::TrailingSpaceBytes(rest));
    return std::string(rest);
  }

  absl::StatusOr<std::string> operator()(const Prepend& prepend) const {
    if (text.empty()) return text;
    if (text.size() + prepend.text.size() > limit) return GrowthError();
    return prepend.text + text;
  }

  absl::StatusOr<std::string> operator()(const Replace& replace) const {
    ASSIGN_OR_RETURN(const std::vector<unicode::Regex::Range> matches,
                     replace.pattern.FindAll(text));
    if (matches.empty()) return text;
    std::string out;
    size_t at = 0;
    for (const unicode::Regex::Range& match : matches) {
      // The check precedes the append, because a match can be one byte and its replacement
      // megabytes.
      if (out.size() + (match.begin - at) + replace.content.size() > limit) return GrowthError();
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
    ASSIGN_OR_RETURN(std::string next, std::visit(NormalizerVisitor{std::move(text), limit}, step));
    text = std::move(next);
    if (text.size() > limit) return GrowthError();
  }
  return text;
}

}  // namespace assay::engine
