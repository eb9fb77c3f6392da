// Encodes, reads, adds up.
#include "engine/runtime/likelihood.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::engine {
namespace {

using Tokens = std::vector<TokenId>;
using Wanted = absl::FunctionRef<absl::Status()>;

constexpr EncodeOptions kAsItStands = {.parse_special = true, .add_special = false};

absl::StatusOr<TokenId> BeginningOf(const LanguageModel& model) {
  const Tokenizer& tokenizer = model.tokenizer();
  if (tokenizer.bos_id() >= 0) return tokenizer.bos_id();
  if (tokenizer.eos_id() >= 0) return tokenizer.eos_id();
  return absl::FailedPreconditionError(
      absl::StrCat("context: is empty, and ", model.info().name,
                   " has no token that begins or ends a text; give a context"));
}

// What the sum over `tokens` from `first` on is; the beginning goes if they do not fit.
absl::StatusOr<Likelihood> Sum(LanguageModel& model, absl::Span<const TokenId> tokens, size_t first,
                               Wanted wanted) {
  // The last token is predicted, never read.
  const auto most = static_cast<size_t>(model.info().context_length) + 1;
  const size_t cut = tokens.size() > most ? tokens.size() - most : 0;
  if (cut >= first) {
    return absl::InvalidArgumentError(absl::StrCat("continuation: has ", tokens.size() - first,
                                                   " tokens; the context of ", model.info().name,
                                                   " is ", model.info().context_length, " long"));
  }
  ASSIGN_OR_RETURN(
      std::vector<TokenScore> scores,
      model.ScoreTokens(tokens.subspan(cut), static_cast<int64_t>(first - cut), wanted));
  Likelihood sum{.tokens = static_cast<int64_t>(scores.size())};
  for (const TokenScore& score : scores) {
    sum.log_likelihood += score.log_probability;
    sum.greedy = sum.greedy && score.greedy;
  }
  return sum;
}

absl::StatusOr<Likelihood> LikelihoodOf(LanguageModel& model, const std::string& context,
                                        const Tokens& context_tokens,
                                        const std::string& continuation, Wanted wanted) {
  if (continuation.empty()) return absl::InvalidArgumentError("continuation: is empty");
  ASSIGN_OR_RETURN(Tokens whole, model.tokenizer().Encode(context + continuation, kAsItStands));
  if (context.empty()) {
    ASSIGN_OR_RETURN(TokenId beginning, BeginningOf(model));
    whole.insert(whole.begin(), beginning);
    return Sum(model, whole, 1, wanted);
  }
  // Merged with the context's last token, a continuation may have no token of its own.
  const size_t first = std::min(context_tokens.size(), whole.size());
  Tokens tokens(context_tokens.begin(), context_tokens.begin() + static_cast<ptrdiff_t>(first));
  tokens.insert(tokens.end(), whole.begin() + static_cast<ptrdiff_t>(first), whole.end());
  if (tokens.size() == first) return Likelihood{};
  return Sum(model, tokens, first, wanted);
}

}  // namespace

absl::StatusOr<std::vector<Likelihood>> LikelihoodsOf(LanguageModel& model,
                                                      std::string_view context,
                                                      absl::Span<const std::string> continuations,
                                                      Wanted wanted) {
  const size_t end = context.find_last_not_of(" \t\n\r\f\v") + 1;
  const std::string spaces(context.substr(end));
  const std::string before(context.substr(0, end));
  ASSIGN_OR_RETURN(Tokens context_tokens, model.tokenizer().Encode(before, kAsItStands));
  std::vector<Likelihood> likelihoods;
  likelihoods.reserve(continuations.size());
  for (const std::string& continuation : continuations) {
    ASSIGN_OR_RETURN(Likelihood likelihood,
                     LikelihoodOf(model, before, context_tokens, spaces + continuation, wanted));
    likelihoods.push_back(likelihood);
  }
  return likelihoods;
}

absl::StatusOr<Likelihood> LikelihoodOfText(LanguageModel& model, std::string_view text,
                                            Wanted wanted) {
  ASSIGN_OR_RETURN(Tokens tokens, model.tokenizer().Encode(text, kAsItStands));
  ASSIGN_OR_RETURN(TokenId beginning, BeginningOf(model));
  // The beginning is predicted by nothing and predicts the first token.
  tokens.insert(tokens.begin(), beginning);
  const absl::Span<const TokenId> all = tokens;
  const auto window = static_cast<size_t>(model.info().context_length);
  Likelihood whole;
  for (size_t predicted = 1; predicted < all.size();) {
    const size_t end = std::min(predicted + window, all.size());
    const size_t begin = end > window + 1 ? end - window - 1 : 0;
    ASSIGN_OR_RETURN(Likelihood part,
                     Sum(model, all.subspan(begin, end - begin), predicted - begin, wanted));
    whole.log_likelihood += part.log_likelihood;
    whole.tokens += part.tokens;
    whole.greedy = whole.greedy && part.greedy;
    predicted = end;
  }
  return whole;
}

}  // namespace assay::engine
