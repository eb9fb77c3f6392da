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

// The tokens of a context. Only the last ones are kept: a text that is too long loses its
// beginning.
struct ContextTokens {
  Tokens last;
  size_t count = 0;
};

absl::StatusOr<ContextTokens> EncodeContext(const LanguageModel& model, std::string_view context,
                                            const CallContext& call) {
  ASSIGN_OR_RETURN(const Tokens all, Encode(model, context, call));
  const size_t kept = std::min(all.size(), static_cast<size_t>(model.info().context_length) + 1);
  return ContextTokens{.last = Tokens(all.end() - static_cast<ptrdiff_t>(kept), all.end()),
                       .count = all.size()};
}

// Returns the tokens of the text after the first `skipped` ones.
absl::StatusOr<Tokens> EncodeEnd(const LanguageModel& model, std::string_view text, size_t skipped,
                                 const CallContext& call) {
  ASSIGN_OR_RETURN(const Tokens all, Encode(model, text, call));
  return Tokens(all.begin() + static_cast<ptrdiff_t>(std::min(skipped, all.size())), all.end());
}

// `before` has the tokens of the context, without the spaces at its end.
absl::StatusOr<Likelihood> ScoreContinuation(LanguageModel& model, std::string_view context,
                                             const std::string& continuation,
                                             const ContextTokens& before, const CallContext& call) {
  ASSIGN_OR_RETURN(Tokens scored,
                   EncodeEnd(model, std::string(context) + continuation, before.count, call));
  // A continuation that merges with the context's last token may have no token of its own.
  if (scored.empty()) return Likelihood{};
  Tokens tokens;
  tokens.reserve(1 + before.last.size() + scored.size());
  if (before.count == 0 || AlwaysBegins(model)) {
    ASSIGN_OR_RETURN(const TokenId beginning, BeginToken(model));
    tokens.push_back(beginning);
  }
  tokens.insert(tokens.end(), before.last.begin(), before.last.end());
  const size_t first = tokens.size();
  tokens.insert(tokens.end(), scored.begin(), scored.end());
  // The call may wait for long, with as little memory as MaxLikelihoodBytes() says.
  scored = Tokens();
  return ScoreTokens(model, tokens, first, call);
}

int64_t BytesOf(absl::Span<const std::string> texts) {
  int64_t bytes = 0;
  for (const std::string& text : texts) bytes += static_cast<int64_t>(text.size());
  return bytes;
}

}  // namespace

int64_t MaxLikelihoodBytes(int64_t texts, int64_t bytes, int64_t context) {
  // No token has less than one byte of a text. A window is one token longer than the context, and
  // may have a token before it that begins the text.
  const int64_t window_tokens = std::min(bytes, texts * (context + 2));
  // The text and its tokens; then a window's tokens and their scores.
  return bytes * static_cast<int64_t>(1 + sizeof(TokenId)) +
         window_tokens * static_cast<int64_t>(sizeof(TokenId) + sizeof(TokenScore));
}

absl::StatusOr<std::vector<Likelihood>> ScoreContinuations(
    LanguageModel& model, std::string_view context, absl::Span<const std::string> continuations,
    const CallContext& call) {
  const std::string_view before = context.substr(0, context.find_last_not_of(" \t\n\r\f\v") + 1);
  ASSIGN_OR_RETURN(const TextAdmission::Permit permit,
                   model.AdmitText(static_cast<int64_t>(context.size()) + BytesOf(continuations),
                                   call.caller().id));
  ContextTokens context_tokens;
  if (!before.empty()) {
    ASSIGN_OR_RETURN(context_tokens, EncodeContext(model, before, call));
  }
  std::vector<Likelihood> likelihoods;
  likelihoods.reserve(continuations.size());
  for (const std::string& continuation : continuations) {
    if (before.size() == context.size() && continuation.empty()) {
      return absl::InvalidArgumentError("continuation: is empty");
    }
    ASSIGN_OR_RETURN(const Likelihood likelihood,
                     ScoreContinuation(model, context, continuation, context_tokens, call));
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
