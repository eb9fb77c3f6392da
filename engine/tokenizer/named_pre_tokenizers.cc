// The pre-tokenizers that GGUF files name.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/formats/quoted.h"
#include "engine/tokenizer/pre_tokenizer.h"
#include "engine/unicode/punctuation.h"

namespace assay::engine {
namespace {

// A pre-tokenizer that GGUF files name.
struct Pattern {
  const char* name;
  std::vector<const char*> patterns;
  // These split the byte-level encoding, as they do after ByteLevel in `tokenizers`.
  std::vector<const char*> byte_level_patterns = {};
};

constexpr char kDigit[] = R"(\p{N})";
constexpr char kGpt2[] =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr char kLlama3[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr char kQwen2[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
// The pattern of Mistral Nemo and later.
constexpr char kTekken[] =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
// The pattern of GPT-4o, also in Phi-4-mini.
constexpr char kGpt4o[] =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr char kBloom[] = R"( ?[^(\s|.,!?…。，、।۔،)]+)";
constexpr char kDefaultPunctuation[] = R"([\p{P}\$\+<=>\^~\|]+)";
constexpr char kDigits[] = R"(\p{N}+)";
constexpr char kThreeDigits[] = "[0-9][0-9][0-9]";

// Adjacent punctuation forms one piece.
const char* FalconPunctuation() {
  static const auto* const kPattern = new std::string(absl::StrCat(unicode::kPunctuation, "+"));
  return kPattern->c_str();
}

const std::vector<Pattern>& Patterns() {
  static const auto* const kPatterns = new std::vector<Pattern>{
      {"gpt-2", {kGpt2}},
      {"phi-2", {kGpt2}},
      {"mpt", {kGpt2}},
      {"olmo", {kGpt2}},
      {"jais", {kGpt2}},
      {"trillion", {kGpt2}},
      {"mellum", {kGpt2}},
      {"a.x-4.0", {kGpt2}},
      {"exaone4", {kGpt2}},
      {"gigachat", {kGpt2}},
      {"jina-es", {kGpt2}},
      {"jina-de", {kGpt2}},
      {"jina-v2-es", {kGpt2}},
      {"jina-v2-de", {kGpt2}},
      {"jina-v2-code", {kGpt2}},
      {"jina-v1-en", {kGpt2}},
      {"modern-bert", {kGpt2}},
      {"roberta-bpe", {kGpt2}},
      {"llama-bpe", {kLlama3}},
      {"llama-v3", {kLlama3}},
      {"llama3", {kLlama3}},
      {"falcon3", {kLlama3}},
      {"falcon-h1", {kLlama3}},
      {"jina-v5-nano", {kLlama3}},
      {"pixtral", {kLlama3}},
      {"lfm2", {kLlama3}},
      {"midm-2.0", {kLlama3}},
      {"smaug-bpe", {kLlama3}},
      {"dbrx", {kLlama3}},
      {"qwen2", {kQwen2}},
      {"stablelm2", {kQwen2}},
      {"deepseek-r1-qwen", {kQwen2}},
      {"megrez", {kQwen2}},
      {"kormo", {kQwen2}},
      {"f2llmv2", {kQwen2}},
      {"smollm", {kDigit, kGpt2}},
      {"starcoder", {kDigit, kGpt2}},
      {"refact", {kDigit, kGpt2}},
      {"command-r", {kDigit, kGpt2}},
      {"minerva-7b", {kDigit, kGpt2}},
      {"tekken", {kTekken}},
      {"gpt-4o", {kGpt4o}},
      {"llama4", {kGpt4o}},
      {"kanana2", {kGpt4o}},
      {"talkie", {kGpt4o}},
      {"default", {kDefaultPunctuation, kGpt2, kDigits, kThreeDigits}},
      {"falcon", {FalconPunctuation(), kGpt2}, {kDigits, kThreeDigits}},
      {"bloom", {kBloom}},
      {"gpt3-finnish", {kBloom}},
      {"poro-chat", {kBloom}},
      {"viking", {kBloom, kDigit}},
  };
  return *kPatterns;
}

absl::Status AddSplits(const std::vector<const char*>& patterns,
                       std::vector<PreTokenizerStep>* steps) {
  for (const char* text : patterns) {
    ASSIGN_OR_RETURN(unicode::Regex regex, unicode::Regex::Compile(text));
    steps->emplace_back(SplitStep{.pattern = std::move(regex)});
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view Gpt2Pattern() { return kGpt2; }
std::string_view Qwen2Pattern() { return kQwen2; }

absl::Status AddBertPreTokenizer(std::vector<PreTokenizerStep>* steps) {
  ASSIGN_OR_RETURN(unicode::Regex space, unicode::Regex::Compile(R"(\s)"));
  ASSIGN_OR_RETURN(unicode::Regex punctuation, unicode::Regex::Compile(unicode::kPunctuation));
  steps->emplace_back(SplitStep{.pattern = std::move(space), .behavior = SplitBehavior::kRemoved});
  steps->emplace_back(SplitStep{.pattern = std::move(punctuation)});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PreTokenizerStep>> NamedPreTokenizer(std::string_view name) {
  std::string known;
  for (const Pattern& pattern : Patterns()) {
    absl::StrAppend(&known, known.empty() ? "" : ", ", pattern.name);
    if (name != pattern.name) continue;
    std::vector<PreTokenizerStep> steps;
    RETURN_IF_ERROR(AddSplits(pattern.patterns, &steps));
    if (pattern.byte_level_patterns.empty()) return steps;
    steps.emplace_back(EncodeBytesStep{});
    RETURN_IF_ERROR(AddSplits(pattern.byte_level_patterns, &steps));
    steps.emplace_back(DecodeBytesStep{});
    return steps;
  }
  return absl::UnimplementedError(absl::StrCat("pre-tokenizer ", Quoted(std::string(name)),
                                               " is not supported; supported: ", known));
}

}  // namespace assay::engine
