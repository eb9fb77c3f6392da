// Log-likelihoods of texts, as lm_eval computes them.
#include "engine/runtime/likelihood.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/slots.h"
#include "base/status_macros.h"
#include "base/work_limit.h"
#include "engine/runtime/generation/encoding_slots.h"
#include "engine/runtime/scheduler/text_admission.h"

namespace assay::engine {
namespace {

using Tokens = std::vector<TokenId>;

constexpr EncodeOptions kVerbatim = {.parse_special = true, .add_special = false};

absl::StatusOr<Tokens> Encode(const LanguageModel& model, std::string_view text,
                              const CallContext& call) {
  ASSIGN_OR_RETURN(const Slots::Slot slot, AwaitEncodingSlot(text.size(), call));
  const WorkLimit limit(MaxEncodingCpu(text.size()), call);
  return model.tokenizer().Encode(text, kVerbatim);
}

absl::StatusOr<TokenId> BeginToken(const LanguageModel& model) {
  const Tokenizer& tokenizer = model.tokenizer();
  if (tokenizer.bos_id() >= 0) return tokenizer.bos_id();
  if (tokenizer.eos_id() >= 0) return tokenizer.eos_id();
  return absl::FailedPreconditionError(
      absl::StrCat("context: is empty, and ", model.info().name,
                   " has no token that begins or ends a text; give a context"));
}

// Gemma's texts are meaningless to it without their first token.
bool AlwaysBegins(const LanguageModel& model) {
  return model.info().architecture.starts_with("gemma") && model.tokenizer().bos_id() >= 0;
}

// Scores tokens [first, end). Tokens at the beginning are cut off if not all fit into the context.
absl::StatusOr<Likelihood> ScoreTokens(LanguageModel& model, absl::Span<const TokenId> tokens,
                                       size_t first, const CallContext& call) {
  // The last token is predicted, never computed.
  const auto max_tokens = static_cast<size_t>(model.info().context_length) + 1;
  const size_t cut = tokens.size() > max_tokens ? tokens.size() - max_tokens : 0;
  if (cut >= first) {
    return absl::InvalidArgumentError(absl::StrCat("continuation: has ", tokens.size() - first,
                                                   " tokens; the context of ", model.info().name,
                                                   " is ", model.info().context_length, " long"));
  }
  ASSIGN_OR_RETURN(std::vector<TokenScore> scores,
                   model.ScoreTokens(tokens.subspan(cut), static_cast<int64_t>(first - cut), call));
  Likelihood sum{.tokens = static_cast<int64_t>(scores.size())};
  for (const TokenScore& score : scores) {
    sum.log_likelihood += score.log_probability;
    sum.greedy = sum.greedy && score.greedy;
  }
  return sum;
}

absl::StatusOr<Likelihood> ScoreContinuation(LanguageModel& model, const std::string& context,
                                             const Tokens& context_tokens,
                                             const std::string& continuation,
                                             const CallContext& call) {
  if (continuation.empty()) return absl::InvalidArgumentError("continuation: is empty");
  ASSIGN_OR_RETURN(Tokens whole, Encode(model, context + continuation, call));
  // A continuation that merges with the context's last token may have no token of its own.
  const size_t first = context.empty() ? 0 : std::min(context_tokens.size(), whole.size());
  Tokens tokens(context_tokens.begin(), context_tokens.begin() + static_cast<ptrdiff_t>(first));
  tokens.insert(tokens.end(), whole.begin() + static_cast<ptrdiff_t>(first), whole.end());
  if (tokens.size() == first) return Likelihood{};
  if (!context.empty() && !AlwaysBegins(model)) return ScoreTokens(model, tokens, first, call);
  ASSIGN_OR_RETURN(TokenId beginning, BeginToken(model));
  tokens.insert(tokens.begin(), beginning);
  return ScoreTokens(model, tokens, first + 1, call);
}

int64_t BytesOf(absl::Span<const std::string> texts) {
  int64_t bytes = 0;
  for (const std::string& text : texts) bytes += static_cast<int64_t>(text.size());
  return bytes;
}

}  // namespace

absl::StatusOr<std::vector<Likelihood>> ScoreContinuations(
    LanguageModel& model, std::string_view context, absl::Span<const std::string> continuations,
    const CallContext& call) {
  const size_t end = context.find_last_not_of(" \t\n\r\f\v") + 1;
  const std::string spaces(context.substr(end));
  const std::string before(context.substr(0, end));
  ASSIGN_OR_RETURN(const TextAdmission::Permit permit,
                   model.AdmitText(static_cast<int64_t>(context.size()) + BytesOf(continuations),
                                   call.caller().id));
  ASSIGN_OR_RETURN(Tokens context_tokens, Encode(model, before, call));
  std::vector<Likelihood> likelihoods;
  likelihoods.reserve(continuations.size());
  for (const std::string& continuation : continuations) {
    ASSIGN_OR_RETURN(Likelihood likelihood,
                     ScoreContinuation(model, before, context_tokens, spaces + continuation, call));
    likelihoods.push_back(likelihood);
  }
  return likelihoods;
}

absl::StatusOr<Likelihood> ScoreText(LanguageModel& model, std::string_view text,
                                     const CallContext& call) {
  ASSIGN_OR_RETURN(const TextAdmission::Permit permit,
                   model.AdmitText(static_cast<int64_t>(text.size()), call.caller().id));
  ASSIGN_OR_RETURN(Tokens tokens, Encode(model, text, call));
  ASSIGN_OR_RETURN(TokenId beginning, BeginToken(model));
  // This token is not scored; it predicts the first token of the text.
  tokens.insert(tokens.begin(), beginning);
  const absl::Span<const TokenId> all = tokens;
  const auto window = static_cast<size_t>(model.info().context_length);
  Likelihood whole;
  for (size_t predicted = 1; predicted < all.size();) {
    const size_t end = std::min(predicted + window, all.size());
    const size_t begin = end > window + 1 ? end - window - 1 : 0;
    ASSIGN_OR_RETURN(Likelihood part,
                     ScoreTokens(model, all.subspan(begin, end - begin), predicted - begin, call));
    whole.log_likelihood += part.log_likelihood;
    whole.tokens += part.tokens;
    whole.greedy = whole.greedy && part.greedy;
    predicted = end;
  }
  return whole;
}

}  // namespace assay::engine
