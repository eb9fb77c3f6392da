// A request on its way through the scheduler. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_SEQUENCE_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_SEQUENCE_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/runtime/generation/generation.h"
#include "engine/runtime/generation/generation_stream.h"
#include "engine/runtime/generation/sampling.h"
#include "engine/runtime/generation/text_output.h"
#include "engine/runtime/scheduler/prefix_cache.h"
#include "engine/runtime/scheduler/prompt_lookup.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// INVALID_ARGUMENT: sampling, max_new_tokens, an empty stop string.
absl::Status ValidateRequest(const GenerationRequest& request);

// What one request has read and written so far. The scheduler's thread alone uses it.
class Sequence {
 public:
  // `tokenizer` and `sink` must outlive it. context: tokens of prompt and text together.
  Sequence(GenerationRequest request, EncodedPrompt prompt, const Tokenizer& tokenizer, int context,
           GenerationSink* sink);

  // The request's first computation begins.
  void Begin();

  // CANCELLED or DEADLINE_EXCEEDED if nobody wants the rest.
  absl::Status CheckWanted() const;

  // Takes the chosen token; returns why the text ends with it, if it does.
  std::optional<FinishReason> Accept(TokenId token);

  GenerationResult Finish(FinishReason reason);

  // Of prompt and text.
  const std::vector<TokenId>& tokens() const { return tokens_; }
  int64_t length() const { return static_cast<int64_t>(tokens_.size()); }
  int64_t prompt_length() const { return prompt_length_; }
  // Tokens that may still come.
  int64_t left() const;
  // All but the last token are in the cache.
  bool is_decoding() const { return read + 1 == length() && has_begun_text_; }
  int priority() const { return request_.priority; }
  bool drafts() const { return request_.drafts; }
  bool reuses_prefix() const { return request_.reuse_prefix; }
  Sampler& sampler() { return sampler_; }

  // Kept by the scheduler. Tokens in the cache:
  int64_t read = 0;
  std::vector<int32_t> pages;
  // Full pages that the prefix cache was told of.
  PrefixCache::Prefix prefix;
  int64_t cached_tokens = 0;
  DraftLength draft_length;
  // Tokens that were guessed, and those of them that were right.
  int64_t drafted_tokens = 0;
  int64_t accepted_tokens = 0;
  // How often it gave way to others.
  int preemptions = 0;
  std::shared_ptr<GenerationStream> stream;
  // Order of arrival.
  int64_t number = 0;

 private:
  void MeasureGaps(GenerationTimings* timings);
  absl::Duration SinceStart() const { return absl::FromChrono(Clock::now() - start_); }

  using Clock = std::chrono::steady_clock;

  const GenerationRequest request_;
  const int64_t prompt_length_;
  const int64_t context_;
  const Tokenizer& tokenizer_;
  GenerationSink* const sink_;
  std::vector<TokenId> tokens_;
  Sampler sampler_;
  TextOutput output_;
  bool has_begun_text_ = false;
  // Only the wait before Begin() is measured by the wall clock, which may be set back.
  absl::Duration queue_;
  Clock::time_point start_;
  absl::Duration prefill_;
  absl::Duration last_token_;
  // From one token to the next.
  std::vector<absl::Duration> gaps_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_SEQUENCE_H_
