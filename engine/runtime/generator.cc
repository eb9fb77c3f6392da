// The generation loop: prompt in chunks, then token by token until an end.
#include "engine/runtime/generator.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/runtime/stop_matcher.h"
#include "engine/runtime/utf8_buffer.h"

namespace assay::engine {
namespace {

absl::Status Validate(const GenerationRequest& request) {
  if (absl::Status sampling = ValidateSampling(request.sampling); !sampling.ok()) return sampling;
  if (request.max_new_tokens < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_new_tokens is ", request.max_new_tokens, "; it must be at least 1"));
  }
  const auto empty = std::find(request.stop.begin(), request.stop.end(), "");
  if (empty == request.stop.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("stop[", empty - request.stop.begin(),
                                                 "] is empty; a stop string needs a character"));
}

// Durations since a request came in. Only the wait before Start() is measured by the wall clock,
// which may be set back.
class Stopwatch {
 public:
  explicit Stopwatch(absl::Time arrival)
      : queue_(std::max(absl::Now() - arrival, absl::ZeroDuration())), start_(Clock::now()) {}

  absl::Duration queue() const { return queue_; }
  absl::Duration SinceStart() const { return absl::FromChrono(Clock::now() - start_); }
  absl::Duration SinceArrival() const { return queue_ + SinceStart(); }

 private:
  using Clock = std::chrono::steady_clock;
  absl::Duration queue_;
  Clock::time_point start_;
};

// Tokens to the text that the caller sees.
class TextOutput {
 public:
  // strip_space: a space that the text begins with is left out.
  TextOutput(const Tokenizer& tokenizer, std::vector<std::string> stops, bool strip_space,
             GenerationSink* sink)
      : tokenizer_(tokenizer), strip_space_(strip_space), stops_(std::move(stops)), sink_(sink) {}

  void Append(TokenId token) {
    tokens_.push_back(token);
    if (tokenizer_.IsSpecial(token)) return;
    std::string_view bytes = tokenizer_.TokenBytes(token);
    if (strip_space_ && bytes.starts_with(' ')) bytes.remove_prefix(1);
    strip_space_ = false;
    Emit(stops_.Append(characters_.Append(bytes)));
  }

  void Finish() {
    Emit(stops_.Append(characters_.Flush()));
    Emit(stops_.Flush());
  }

  bool stopped() const { return stops_.stopped(); }
  size_t token_count() const { return tokens_.size(); }
  std::string TakeText() { return std::move(text_); }
  std::vector<TokenId> TakeTokens() { return std::move(tokens_); }

 private:
  void Emit(std::string_view text) {
    if (text.empty()) return;
    text_.append(text);
    if (sink_ == nullptr) return;
    sink_->OnText(text, absl::MakeConstSpan(tokens_).subspan(emitted_tokens_));
    emitted_tokens_ = tokens_.size();
  }

  const Tokenizer& tokenizer_;
  bool strip_space_;
  Utf8Buffer characters_;
  StopMatcher stops_;
  GenerationSink* sink_;
  std::string text_;
  std::vector<TokenId> tokens_;
  size_t emitted_tokens_ = 0;
};

class Generation {
 public:
  Generation(const GenerationRequest& request, const EncodedPrompt& prompt,
             const Tokenizer& tokenizer, Decoder& decoder, GenerationSink* sink)
      : request_(request),
        prompt_(prompt.tokens),
        tokenizer_(tokenizer),
        decoder_(decoder),
        sink_(sink),
        watch_(request.arrival),
        sampler_(request.sampling),
        output_(tokenizer, request.stop, prompt.is_chat && tokenizer.StripsLeadingSpace(), sink) {}

  absl::StatusOr<GenerationResult> Run(size_t chunk) {
    absl::StatusOr<TokenId> token = Prefill(chunk);
    if (!token.ok()) return token.status();
    GenerationTimings timings{.queue = watch_.queue(),
                              .prefill = watch_.SinceStart(),
                              .first_token = watch_.SinceArrival()};
    const absl::StatusOr<FinishReason> reason = Decode(*token);
    if (!reason.ok()) return reason.status();
    const auto intervals = static_cast<int64_t>(output_.token_count()) - 1;
    if (intervals > 0) timings.per_token = (last_token_ - timings.first_token) / intervals;
    output_.Finish();
    timings.total = watch_.SinceArrival();
    return GenerationResult{.text = output_.TakeText(),
                            .tokens = output_.TakeTokens(),
                            .finish_reason = *reason,
                            .prompt_tokens = static_cast<int>(prompt_.size()),
                            .timings = timings};
  }

 private:
  absl::Status CheckWanted() const {
    if (sink_ != nullptr && sink_->Cancelled()) {
      return absl::CancelledError(
          absl::StrCat("cancelled after ", output_.token_count(), " tokens"));
    }
    if (absl::Now() < request_.deadline) return absl::OkStatus();
    return absl::DeadlineExceededError(
        absl::StrCat("the deadline passed after ", output_.token_count(), " tokens"));
  }

  absl::StatusOr<TokenId> Prefill(size_t chunk) {
    size_t done = 0;
    for (; prompt_.size() - done > chunk; done += chunk) {
      if (absl::Status wanted = CheckWanted(); !wanted.ok()) return wanted;
      absl::Status read = decoder_.Read(PromptChunk(done, chunk));
      if (!read.ok()) return read;
    }
    if (absl::Status wanted = CheckWanted(); !wanted.ok()) return wanted;
    return decoder_.ReadAndChoose(PromptChunk(done, prompt_.size() - done), sampler_);
  }

  Decoder::Chunk PromptChunk(size_t begin, size_t count) const {
    return {.tokens = prompt_.subspan(begin, count),
            .position = static_cast<int>(begin),
            .text_length = static_cast<int>(prompt_.size())};
  }

  absl::StatusOr<FinishReason> Decode(TokenId token) {
    const size_t room = static_cast<size_t>(decoder_.context_length()) - prompt_.size();
    const size_t limit = std::min(room, static_cast<size_t>(request_.max_new_tokens));
    while (true) {
      if (!request_.ignore_end_of_text && tokenizer_.IsEndOfText(token)) {
        return FinishReason::kEndOfText;
      }
      last_token_ = watch_.SinceArrival();
      output_.Append(token);
      if (output_.stopped()) return FinishReason::kStopString;
      if (output_.token_count() >= limit) return FinishReason::kLength;
      if (absl::Status wanted = CheckWanted(); !wanted.ok()) return wanted;
      const auto position = static_cast<int>(prompt_.size() + output_.token_count()) - 1;
      absl::StatusOr<TokenId> next = decoder_.ReadAndChoose(
          {.tokens = {&token, 1}, .position = position, .text_length = position + 1}, sampler_);
      if (!next.ok()) return next.status();
      token = *next;
    }
  }

  const GenerationRequest& request_;
  absl::Span<const TokenId> prompt_;
  const Tokenizer& tokenizer_;
  Decoder& decoder_;
  GenerationSink* sink_;
  Stopwatch watch_;
  Sampler sampler_;
  TextOutput output_;
  absl::Duration last_token_;
};

}  // namespace

absl::StatusOr<GenerationResult> RunGeneration(const GenerationRequest& request,
                                               const EncodedPrompt& prompt, int prefill_chunk,
                                               const Tokenizer& tokenizer, Decoder& decoder,
                                               GenerationSink* sink) {
  if (absl::Status valid = Validate(request); !valid.ok()) return valid;
  return Generation(request, prompt, tokenizer, decoder, sink)
      .Run(static_cast<size_t>(std::max(prefill_chunk, 1)));
}

}  // namespace assay::engine
