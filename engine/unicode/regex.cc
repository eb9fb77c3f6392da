// Regular expressions in the language of tokenizers.
#include "engine/unicode/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/work_limit.h"
#include "engine/unicode/oniguruma.h"

namespace assay::unicode {
namespace {

// PCRE2 counts the steps of a match from 0 for each position at which one could begin, and a step
// can be as long as the text. Three measures bound the time of one call without a change of its
// result:
//
// - It tries this many positions.
constexpr size_t kWindow = 16;
// - It sees so many bytes of the text at first. If it reaches their end it sees more.
constexpr size_t kFirstBytes = 4096;
constexpr size_t kMoreBytes = 8;
// - It may take so many steps at first that steps and bytes have this product, a few milliseconds.
//   If it needs more, it gets more, unless it took too long.
constexpr size_t kFirstProduct = 1'500'000;
constexpr uint32_t kFewestSteps = 8;
constexpr uint32_t kMoreSteps = 4;
constexpr uint32_t kMaxSteps = 10'000'000;
constexpr absl::Duration kMaxCallCpu = absl::Milliseconds(20);
constexpr size_t kMaxPatternBytes = 64 << 10;
constexpr size_t kMessageBytes = 256;

struct MatchFree {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};
struct ContextFree {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

// Returns the first offset after `at` at which a character begins.
size_t NextCharacter(std::string_view text, size_t at) {
  constexpr auto kMask = 0xC0;
  constexpr auto kContinuation = 0x80;
  for (++at; at < text.size() && (text[at] & kMask) == kContinuation;) ++at;
  return at;
}

}  // namespace

struct Regex::Code {
  explicit Code(pcre2_code* compiled) : code(compiled) {}
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  ~Code() { pcre2_code_free(code); }

  pcre2_code* code;
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
                    PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK | PCRE2_USE_OFFSET_LIMIT, &error,
                    &offset, nullptr);
  if (compiled == nullptr) {
    std::array<PCRE2_UCHAR, kMessageBytes> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    return absl::UnimplementedError(
        absl::StrCat("the pattern ", std::string(pattern),
                     " is not supported: ", reinterpret_cast<const char*>(message.data())));
  }
  auto code = std::make_unique<Code>(compiled);
  // On platforms that forbid JIT compilation, the interpreter finds the same matches.
  pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD);
  return Regex(std::move(code));
}

// The matches of a pattern in a text. Not thread-safe.
class Regex::Matcher {
 public:
  Matcher(const pcre2_code* code, std::string_view text)
      : code_(code),
        text_(text),
        match_(pcre2_match_data_create_from_pattern(code, nullptr)),
        context_(pcre2_match_context_create(nullptr)) {}

  // Returns the first match that begins in [at, last] and is not empty.
  absl::StatusOr<std::optional<Range>> FindFrom(size_t at, size_t last) {
    pcre2_set_offset_limit(context_.get(), last);
    size_t bytes = kFirstBytes;
    uint32_t steps = FirstSteps(bytes);
    for (bool again = false;; again = true) {
      // The time of the first call, which is short, is not worth a system call.
      const absl::Duration start = again ? ThreadCpu() : absl::ZeroDuration();
      const int found = Match(at, std::max(last, at + bytes), steps);
      if (found > 0) {
        const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match_.get());
        return Range{bounds[0], bounds[1]};
      }
      if (found == PCRE2_ERROR_NOMATCH) return std::nullopt;
      if (found == PCRE2_ERROR_PARTIAL) {
        bytes *= kMoreBytes;
        steps = FirstSteps(bytes);
      } else if (found == PCRE2_ERROR_MATCHLIMIT && steps < kMaxSteps) {
        if (again && ThreadCpu() - start > kMaxCallCpu) return TooSlow(at);
        steps = std::min(steps * kMoreSteps, kMaxSteps);
      } else if (found == PCRE2_ERROR_MATCHLIMIT) {
        return TooSlow(at);
      } else {
        return absl::InvalidArgumentError(
            absl::StrCat("a pattern of the tokenizer fails on the text: PCRE2 error ", found));
      }
      RETURN_IF_ERROR(WorkLimit::Check());
    }
  }

 private:
  static uint32_t FirstSteps(size_t bytes) {
    return std::max(kFewestSteps, static_cast<uint32_t>(kFirstProduct / bytes));
  }
  static absl::Duration ThreadCpu() {
    timespec time = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return absl::DurationFromTimespec(time);
  }
  static absl::Status TooSlow(size_t at) {
    return absl::InvalidArgumentError(
        absl::StrCat("a pattern of the tokenizer takes too long at byte ", at, " of the text"));
  }

  // Lets PCRE2 see the text up to `end`. Returns PCRE2_ERROR_PARTIAL if the match could depend on
  // what follows.
  int Match(size_t at, size_t end, uint32_t steps) {
    const bool whole = end >= text_.size();
    const size_t seen = whole ? text_.size() : NextCharacter(text_, end);
    pcre2_set_match_limit(context_.get(), steps);
    const uint32_t options =
        PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY | (seen < text_.size() ? PCRE2_PARTIAL_HARD : 0U);
    return pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text_.data()), seen, at, options,
                       match_.get(), context_.get());
  }

  const pcre2_code* const code_;
  const std::string_view text_;
  const std::unique_ptr<pcre2_match_data, MatchFree> match_;
  const std::unique_ptr<pcre2_match_context, ContextFree> context_;
};

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
  Matcher matcher(code_->code, text);
  std::vector<Range> ranges;
  for (size_t at = 0; at < text.size();) {
    RETURN_IF_ERROR(WorkLimit::Check());
    const size_t last = std::min(at + kWindow, text.size());
    ASSIGN_OR_RETURN(const std::optional<Range> found, matcher.FindFrom(at, last));
    if (found.has_value()) ranges.push_back(*found);
    at = found.has_value() ? found->end : NextCharacter(text, last);
  }
  return ranges;
}

}  // namespace assay::unicode
