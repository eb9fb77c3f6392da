// One request and the tokens that it has so far.
#include "engine/runtime/scheduler/sequence.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/steady_time.h"

namespace assay::engine {

absl::Status ValidateRequest(const GenerationRequest& request, int vocab_size) {
  RETURN_IF_ERROR(ValidateSampling(request.sampling, vocab_size));
  if (request.max_new_tokens < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_new_tokens is ", request.max_new_tokens, "; it must be at least 1"));
  }
  if (request.sampling.min_tokens > request.max_new_tokens) {
    return absl::InvalidArgumentError(absl::StrCat("min_tokens is ", request.sampling.min_tokens,
                                                   ", more than max_new_tokens, which is ",
                                                   request.max_new_tokens));
  }
  for (size_t i = 0; i < request.stop_tokens.size(); ++i) {
    const TokenId token = request.stop_tokens[i];
    if (token >= 0 && token < vocab_size) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "stop_tokens[", i, "] is ", token, "; the model's tokens are 0 to ", vocab_size - 1));
  }
  const auto empty = std::find(request.stop.begin(), request.stop.end(), "");
  if (empty == request.stop.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("stop[", empty - request.stop.begin(),
                                                 "] is empty; a stop string needs a character"));
}

namespace {

// Returns the tokens that end the text, if the sampler has to know them.
std::vector<TokenId> EndTokens(const GenerationRequest& request, const Tokenizer& tokenizer) {
  std::vector<TokenId> tokens = request.stop_tokens;
  if (request.sampling.min_tokens == 0) return {};
  for (TokenId token = 0; token < tokenizer.vocab_size(); ++token) {
    if (tokenizer.IsEndOfText(token)) tokens.push_back(token);
  }
  return tokens;
}

}  // namespace

Sequence::Sequence(GenerationRequest request, EncodedPrompt prompt, const Tokenizer& tokenizer,
                   int context, GenerationSink* sink)
    : request_(std::move(request)),
      prompt_length_(static_cast<int64_t>(prompt.tokens.size())),
      context_(context),
      tokenizer_(tokenizer),
      sink_(sink),
      tokens_(std::move(prompt.tokens)),
      sampler_(request_.sampling, tokens_, EndTokens(request_, tokenizer)),
      output_(tokenizer, request_.stop, prompt.is_chat && tokenizer.StripsLeadingSpace(), sink) {}

Sequence::~Sequence() {
  // A status without a message needs no memory.
  if (stream != nullptr) stream->Finish(absl::Status(absl::StatusCode::kResourceExhausted, ""));
}

void Sequence::Begin() {
  start_ = SteadyTime::Now();
  queue_ = start_ - request_.arrival;
}

absl::Status Sequence::CheckCancelled() const {
  if (sink_ != nullptr && sink_->Cancelled()) {
    return absl::CancelledError(absl::StrCat("cancelled after ", output_.token_count(), " tokens"));
  }
  if (!request_.deadline.HasPassed()) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat("the deadline passed after ", output_.token_count(), " tokens"));
}

std::optional<FinishReason> Sequence::Accept(TokenId token,
                                             const TokenLogProbabilities* log_probabilities) {
  if (!has_first_token_) {
    has_first_token_ = true;
    prefill_ = SinceStart();
    last_token_ = prefill_;
  }
  if (!request_.ignore_end_of_text && tokenizer_.IsEndOfText(token)) {
    return FinishReason::kEndOfText;
  }
  const std::vector<TokenId>& stops = request_.stop_tokens;
  if (std::find(stops.begin(), stops.end(), token) != stops.end()) return FinishReason::kStopToken;
  const absl::Duration now = SinceStart();
  if (output_.token_count() > 0) gaps_.push_back(now - last_token_);
  last_token_ = now;
  tokens_.push_back(token);
  output_.Append(token, log_probabilities);
  if (output_.stopped()) return FinishReason::kStopString;
  if (remaining_tokens() <= 0) return FinishReason::kLength;
  return std::nullopt;
}

int64_t Sequence::remaining_tokens() const {
  const auto limit = std::min<int64_t>(request_.max_new_tokens, context_ - prompt_length_);
  return limit - static_cast<int64_t>(output_.token_count());
}

void Sequence::MeasureGaps(GenerationTimings* timings) {
  if (gaps_.empty()) return;
  std::sort(gaps_.begin(), gaps_.end());
  const auto at = [this](double quantile) {
    const auto rank = static_cast<size_t>(std::ceil(quantile * static_cast<double>(gaps_.size())));
    return gaps_[std::max<size_t>(rank, 1) - 1];
  };
  timings->inter_token_p50 = at(0.5);
  timings->inter_token_p90 = at(0.9);
  timings->inter_token_p99 = at(0.99);
}

GenerationResult Sequence::Finish(FinishReason reason) {
  GenerationTimings timings{.queue = queue_, .prefill = prefill_, .first_token = queue_ + prefill_};
  const auto intervals = static_cast<int64_t>(output_.token_count()) - 1;
  if (intervals > 0) timings.per_token = (last_token_ - prefill_) / intervals;
  MeasureGaps(&timings);
  output_.Finish();
  timings.total = queue_ + SinceStart();
  return GenerationResult{.text = output_.TakeText(),
                          .tokens = output_.TakeTokens(),
                          .finish_reason = reason,
                          .log_probabilities = output_.TakeLogProbabilities(),
                          .prompt_tokens = static_cast<int>(prompt_length_),
                          .cached_tokens = static_cast<int>(cached_tokens),
                          .drafted_tokens = static_cast<int>(drafted_tokens),
                          .accepted_tokens = static_cast<int>(accepted_tokens),
                          .timings = timings,
                          .token_gaps = std::move(gaps_),
                          .preemptions = preemptions};
}

}  // namespace assay::engine
