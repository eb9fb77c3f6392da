// Cuts a text into pieces with the models' own regular expressions.
#include "engine/text/pre_tokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace assay::engine {
namespace {

// Unicode's White_Space. PCRE2's \s counts U+180E too, which the tokenizers' engines do not.
#define ASSAY_SPACE \
  "\\t-\\r "        \
  "\\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}"

// One digit at a time (tokenizers' Digits(individual_digits=True)).
constexpr char kDigits[] = "\\p{N}";
// tokenizers' ByteLevel(use_regex=True), from GPT-2.
constexpr char kGpt2[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" ASSAY_SPACE "\\p{L}\\p{N}]+|[" ASSAY_SPACE
    "]+(?![^" ASSAY_SPACE "])|[" ASSAY_SPACE "]+";
// Llama 3 and Qwen 2: as GPT-2, with case-insensitive contractions and line breaks kept together;
// they differ in how many digits make a piece.
#define ASSAY_CL100K(digits)                                                                \
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" digits "| ?[^" ASSAY_SPACE  \
  "\\p{L}\\p{N}]+[\\r\\n]*|[" ASSAY_SPACE "]*[\\r\\n]+|[" ASSAY_SPACE "]+(?![^" ASSAY_SPACE \
  "])|[" ASSAY_SPACE "]+"
constexpr char kLlama3[] = ASSAY_CL100K("\\p{N}{1,3}");
constexpr char kQwen2[] = ASSAY_CL100K("\\p{N}");

#undef ASSAY_CL100K
#undef ASSAY_SPACE

struct CodeFree {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct MatchFree {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};
using Code = std::unique_ptr<pcre2_code, CodeFree>;
using Match = std::unique_ptr<pcre2_match_data, MatchFree>;

absl::StatusOr<Code> Compile(const char* pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern), PCRE2_ZERO_TERMINATED,
                          PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK, &error, &offset, nullptr));
  if (code == nullptr) {
    return absl::InternalError(
        absl::StrCat("pattern does not compile: error ", error, " at ", offset));
  }
  // Without JIT (a platform that forbids it) the interpreter gives the same matches.
  pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
  return code;
}

// Matches are pieces, and so is what lies between them.
absl::Status SplitPiece(const pcre2_code* code, pcre2_match_data* match, std::string_view piece,
                        std::vector<std::string_view>* out) {
  size_t at = 0;
  while (at < piece.size()) {
    const int found = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(piece.data()), piece.size(),
                                  at, PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, match, nullptr);
    if (found == PCRE2_ERROR_NOMATCH) break;
    if (found < 0) {
      return absl::InternalError(absl::StrCat("text cannot be split: PCRE2 error ", found));
    }
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match);
    if (bounds[0] > at) out->push_back(piece.substr(at, bounds[0] - at));
    out->push_back(piece.substr(bounds[0], bounds[1] - bounds[0]));
    at = bounds[1];
  }
  if (at < piece.size()) out->push_back(piece.substr(at));
  return absl::OkStatus();
}

std::vector<const char*> PatternsOf(std::string_view name) {
  if (name == "smollm") return {kDigits, kGpt2};
  if (name == "gpt-2") return {kGpt2};
  if (name == "llama-bpe") return {kLlama3};
  if (name == "qwen2") return {kQwen2};
  return {};
}

}  // namespace

struct PreTokenizer::Stages {
  std::vector<Code> codes;
};

PreTokenizer::PreTokenizer(std::unique_ptr<Stages> stages) : stages_(std::move(stages)) {}
PreTokenizer::~PreTokenizer() = default;

absl::StatusOr<std::unique_ptr<PreTokenizer>> PreTokenizer::Make(std::string_view name) {
  const std::vector<const char*> patterns = PatternsOf(name);
  if (patterns.empty()) {
    return absl::UnimplementedError(
        absl::StrCat("pre-tokenizer '", std::string(name),
                     "' is not read yet; smollm, gpt-2, llama-bpe and qwen2 are"));
  }
  auto stages = std::make_unique<Stages>();
  for (const char* pattern : patterns) {
    absl::StatusOr<Code> code = Compile(pattern);
    if (!code.ok()) return code.status();
    stages->codes.push_back(*std::move(code));
  }
  return std::unique_ptr<PreTokenizer>(new PreTokenizer(std::move(stages)));
}

absl::StatusOr<std::vector<std::string_view>> PreTokenizer::Split(std::string_view text) const {
  std::vector<std::string_view> pieces = {text};
  for (const Code& code : stages_->codes) {
    const Match match(pcre2_match_data_create_from_pattern(code.get(), nullptr));
    std::vector<std::string_view> next;
    for (const std::string_view piece : pieces) {
      if (absl::Status s = SplitPiece(code.get(), match.get(), piece, &next); !s.ok()) return s;
    }
    pieces = std::move(next);
  }
  return pieces;
}

}  // namespace assay::engine
