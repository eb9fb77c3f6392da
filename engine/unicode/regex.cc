// Regular expressions in the language of tokenizers.
#include "engine/unicode/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "engine/unicode/oniguruma.h"

namespace assay::unicode {
namespace {

// The limit costs milliseconds and is far beyond what the patterns of tokenizers need for a text.
constexpr uint32_t kMaxMatchSteps = 10'000'000;
constexpr size_t kMaxPatternBytes = 64 << 10;
constexpr size_t kMessageBytes = 256;

struct MatchFree {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};
struct ContextFree {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

}  // namespace

struct Regex::Code {
  explicit Code(pcre2_code* compiled) : code(compiled) {}
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  ~Code() { pcre2_code_free(code); }

  pcre2_code* code;
  std::unique_ptr<pcre2_match_context, ContextFree> context;
};

Regex::Regex(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

absl::StatusOr<Regex> Regex::Compile(std::string_view pattern) {
  if (pattern.size() > kMaxPatternBytes) {
    return absl::UnimplementedError(
        absl::StrCat("a pattern has ", pattern.size(), " bytes; at most ", kMaxPatternBytes));
  }
  const absl::StatusOr<std::string> translated = TranslateOniguruma(pattern);
  if (!translated.ok()) {
    return absl::UnimplementedError(
        absl::StrCat("the pattern ", std::string(pattern),
                     " is not supported: ", translated.status().message()));
  }
  const std::string& text = *translated;
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* compiled =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK, &error, &offset, nullptr);
  if (compiled == nullptr) {
    std::array<PCRE2_UCHAR, kMessageBytes> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    return absl::UnimplementedError(
        absl::StrCat("the pattern ", std::string(pattern),
                     " is not supported: ", reinterpret_cast<const char*>(message.data())));
  }
  auto code = std::make_unique<Code>(compiled);
  // On platforms that forbid JIT compilation, the interpreter finds the same matches.
  pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
  code->context.reset(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(code->context.get(), kMaxMatchSteps);
  return Regex(std::move(code));
}

absl::StatusOr<Regex> Regex::Literal(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    // Every ASCII character except letters and digits may be escaped.
    if (static_cast<unsigned char>(c) < 0x80 && !absl::ascii_isalnum(c)) pattern += '\\';
    pattern += c;
  }
  return Compile(pattern);
}

absl::StatusOr<std::vector<Regex::Range>> Regex::FindAll(std::string_view text) const {
  const std::unique_ptr<pcre2_match_data, MatchFree> match(
      pcre2_match_data_create_from_pattern(code_->code, nullptr));
  std::vector<Range> ranges;
  size_t at = 0;
  while (at < text.size()) {
    const int found =
        pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                    PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, match.get(), code_->context.get());
    if (found == PCRE2_ERROR_NOMATCH) break;
    if (found < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("a pattern of the tokenizer fails on the text: PCRE2 error ", found));
    }
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match.get());
    ranges.push_back({bounds[0], bounds[1]});
    at = bounds[1];
  }
  return ranges;
}

}  // namespace assay::unicode
