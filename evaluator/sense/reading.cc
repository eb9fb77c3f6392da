// Implementation of readings by likelihoods.
#include "evaluator/sense/reading.h"

#include <algorithm>
#include <cstddef>
#include <random>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"

namespace assay::evaluator {
namespace {

// The mean over several orders is less a matter of luck.
constexpr int kShuffles = 2;

// The end of a prompt in a text without a chat template.
constexpr std::string_view kBreak = "\n\n";

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

bool EndsSentence(std::string_view word) {
  return word.ends_with('.') || word.ends_with('!') || word.ends_with('?');
}

// Fisher and Yates's shuffle. std::shuffle differs between standard libraries.
void Shuffle(std::mt19937_64& random, std::vector<std::string_view>* words) {
  for (size_t i = words->size(); i > 1; --i) std::swap((*words)[i - 1], (*words)[random() % i]);
}

}  // namespace

std::string ShuffleWords(std::string_view text, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string out;
  out.reserve(text.size());
  // The words of the current sentence, and the white space after each of them.
  std::vector<std::string_view> words;
  std::vector<std::string_view> spaces;
  const auto flush = [&] {
    Shuffle(random, &words);
    for (size_t i = 0; i < words.size(); ++i) out.append(words[i]).append(spaces[i]);
    words.clear();
    spaces.clear();
  };
  while (!text.empty()) {
    const size_t word_bytes = std::min(text.find_first_of(" \t\n\r"), text.size());
    const std::string_view word = text.substr(0, word_bytes);
    text.remove_prefix(word_bytes);
    const size_t space_bytes = std::min(text.find_first_not_of(" \t\n\r"), text.size());
    const std::string_view space = text.substr(0, space_bytes);
    text.remove_prefix(space_bytes);
    words.push_back(word);
    spaces.push_back(space);
    const bool line_ends = !std::all_of(space.begin(), space.end(), IsBlank);
    if (line_ends || EndsSentence(word)) flush();
  }
  flush();
  return out;
}

absl::StatusOr<Reading> ReadText(TextGenerator& generator, const std::string& model,
                                 std::string_view prompt, std::string_view text,
                                 const CallContext& context) {
  const std::string_view read = Utf8Prefix(text, kMaxReadBytes);
  const std::string in_order = absl::StrCat(std::string(kBreak), std::string(read));
  LikelihoodJob alone{.model = model, .continuations = {in_order}};
  for (uint64_t seed = 0; seed < kShuffles; ++seed) {
    alone.continuations.push_back(absl::StrCat(std::string(kBreak), ShuffleWords(read, seed)));
  }
  const LikelihoodJob after{.model = model,
                            .context = std::string(Utf8Prefix(prompt, kMaxPromptBytes)),
                            .continuations = {in_order}};
  ASSIGN_OR_RETURN(std::vector<Likelihood> without, generator.Likelihoods(alone, context));
  ASSIGN_OR_RETURN(std::vector<Likelihood> with, generator.Likelihoods(after, context));
  if (without.size() != alone.continuations.size() || with.size() != 1) {
    return absl::InternalError(
        absl::StrCat("got ", without.size(), " and ", with.size(), " likelihoods"));
  }
  const auto characters = static_cast<double>(CountUtf8Characters(in_order));
  const double surprise = -without.front().log_likelihood;
  double shuffled = 0;
  for (size_t i = 1; i < without.size(); ++i) shuffled -= without[i].log_likelihood / kShuffles;
  return Reading{.after_prompt = -with.front().log_likelihood / characters,
                 .order = surprise > 0 ? (shuffled - surprise) / surprise : 0};
}

}  // namespace assay::evaluator
