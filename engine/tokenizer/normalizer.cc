// Normalizes a text before pre-tokenization.
#include "engine/tokenizer/normalizer.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/tokenizer/byte_alphabet.h"
#include "engine/tokenizer/normalizer_rules.h"
#include "engine/tokenizer/unicode_form.h"
#include "engine/unicode/characters.h"
#include "engine/unicode/late_characters.h"

namespace assay::engine {
namespace {

// The result may have kMaxGrowth times the bytes of the text, plus kAlwaysAllowed.
constexpr size_t kMaxGrowth = 64;
constexpr size_t kAlwaysAllowed = 4096;
constexpr char kSpaceMark[] = "\xE2\x96\x81";

absl::Status GrowthError() {
  return absl::InvalidArgumentError(absl::StrCat(
      "the tokenizer's normalizer makes the text more than ", kMaxGrowth, " times as long"));
}

// Applies one step to `text`.
struct NormalizerVisitor {
  std::string text;
  // The maximum size of the result in bytes.
  size_t limit;
  bool* keeps_start;

  // Returns the result of a step that may remove characters. `first_stays` is true if the step
  // keeps or replaces the first character.
  std::string Removing(std::string result, bool first_stays) const {
    if (!text.empty() && !first_stays) *keeps_start = false;
    return result;
  }
  uint32_t First() const { return text.empty() ? 0 : NextUtf8(text).code_point; }

  absl::StatusOr<std::string> operator()(UnicodeForm form) const {
    return ToUnicodeForm(form, text);
  }
  absl::StatusOr<std::string> operator()(const Lowercase&) const { return ToLowercase(text); }

  absl::StatusOr<std::string> operator()(const StripSpaces& strip) const {
    std::string_view rest = text;
    const size_t leading = strip.left ? unicode::LeadingSpaceBytes(rest) : 0;
    rest.remove_prefix(leading);
    if (strip.right) rest.remove_suffix(unicode::TrailingSpaceBytes(rest));
    return Removing(std::string(rest), leading == 0);
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
    return Removing(out.append(text, at), matches[0].begin > 0 || !replace.content.empty());
  }

  absl::StatusOr<std::string> operator()(const StripAccents&) const {
    return Removing(RemoveCombiningMarks(text), !IsCombiningMark(First()));
  }

  absl::StatusOr<std::string> operator()(const NmtRules&) const {
    return Removing(ApplyNmtRules(text), !IsNmtControl(First()));
  }

  absl::StatusOr<std::string> operator()(const BertRules& rules) const {
    std::string out = text;
    const uint32_t first = First();
    bool first_stays = true;
    if (rules.clean_text) {
      out = CleanBertText(out);
      first_stays = !IsBertControl(first);
    }
    if (rules.separate_chinese) out = SeparateChinese(out);
    if (rules.strip_accents) {
      ASSIGN_OR_RETURN(out, ToUnicodeForm(UnicodeForm::kNfd, out));
      first_stays = first_stays && !IsBertAccent(first);
      out = RemoveBertAccents(out);
    }
    if (rules.lowercase) out = ToLowercase(out);
    return Removing(std::move(out), first_stays);
  }

  absl::StatusOr<std::string> operator()(const EncodeBytes&) const { return EncodeByteLevel(text); }

  // Graphemes of less than 6 bytes are looked up as a whole first.
  absl::StatusOr<std::string> operator()(const Precompiled& step) const {
    constexpr size_t kMaxGraphemeBytes = 5;
    std::string out;
    bool first_stays = true;
    const auto replace = [&](std::string_view part) {
      const auto match = step.map.Shortest(part);
      if (!match.has_value()) return false;
      if (part.data() == text.data()) first_stays = !match->replacement.empty();
      out += match->replacement;
      return true;
    };
    for (size_t at = 0; at < text.size();) {
      const size_t end = GraphemeEnd(text, at);
      const std::string_view grapheme = std::string_view(text).substr(at, end - at);
      if (grapheme.size() > kMaxGraphemeBytes || !replace(grapheme)) {
        for (size_t i = 0; i < grapheme.size();) {
          const std::string_view part = grapheme.substr(i, NextUtf8(grapheme.substr(i)).bytes);
          if (!replace(part)) out += part;
          i += part.size();
        }
      }
      if (out.size() > limit) return GrowthError();
      at = end;
    }
    return Removing(std::move(out), first_stays);
  }

  // The order of the conditions is that of SentencePiece's Normalizer::Normalize().
  absl::StatusOr<std::string> operator()(const SentencePieceRules& rules) const {
    const std::string mark = rules.escape_spaces ? kSpaceMark : " ";
    std::string_view rest = text;
    if (rules.remove_extra_spaces) {
      while (!rest.empty() && NextNormal(rules, rest).replacement == " ") {
        rest.remove_prefix(NextNormal(rules, rest).bytes);
      }
    }
    if (rest.empty()) return std::string();
    const bool prefix = rules.add_dummy_prefix && (*keeps_start || !rules.prefix_first_only);
    std::string out = prefix && !rules.space_as_suffix ? mark : "";
    bool after_space = rules.remove_extra_spaces;
    while (!rest.empty()) {
      CharsMap::Match next = NextNormal(rules, rest);
      rest.remove_prefix(next.bytes);
      while (after_space && next.replacement.starts_with(' ')) next.replacement.remove_prefix(1);
      if (next.replacement.empty()) continue;
      after_space = rules.remove_extra_spaces && next.replacement.ends_with(' ');
      for (const char c : next.replacement) c == ' ' ? out += mark : out += c;
      if (out.size() > limit) return GrowthError();
    }
    while (rules.remove_extra_spaces && out.ends_with(mark)) out.resize(out.size() - mark.size());
    if (prefix && rules.space_as_suffix) out += mark;
    return out;
  }

  static CharsMap::Match NextNormal(const SentencePieceRules& rules, std::string_view rest) {
    const auto match = rules.map.Longest(rest);
    if (match.has_value()) return *match;
    const size_t bytes = NextUtf8(rest).bytes;
    return {bytes, rest.substr(0, bytes)};
  }
};

}  // namespace

absl::StatusOr<std::string> Normalize(const std::vector<NormalizerStep>& steps, std::string text,
                                      bool* starts_text) {
  const size_t limit = text.size() * kMaxGrowth + kAlwaysAllowed;
  bool ignored = true;
  bool* const keeps = starts_text == nullptr ? &ignored : starts_text;
  for (const NormalizerStep& step : steps) {
    ASSIGN_OR_RETURN(std::string next,
                     std::visit(NormalizerVisitor{std::move(text), limit, keeps}, step));
    text = std::move(next);
    if (text.size() > limit) return GrowthError();
  }
  return text;
}

}  // namespace assay::engine
