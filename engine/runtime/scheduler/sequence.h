// One request and the tokens that it has so far. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_SEQUENCE_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_SEQUENCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/fair_share.h"
#include "base/steady_time.h"
#include "engine/runtime/generation/generation.h"
#include "engine/runtime/generation/generation_stream.h"
#include "engine/runtime/generation/sampling.h"
#include "engine/runtime/generation/text_output.h"
#include "engine/runtime/scheduler/prefix_cache.h"
#include "engine/runtime/scheduler/prompt_lookup.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// Returns INVALID_ARGUMENT if the sampling parameters or max_new_tokens are out of range, a stop
// string is empty, or a token id is not one of the `vocab_size` of the model.
absl::Status ValidateRequest(const GenerationRequest& request, int vocab_size);

// One request with its prompt, the tokens generated so far and its place in the KV cache. Used by
// the scheduler's thread only.
class Sequence {
 public:
  // `tokenizer` and `sink` must outlive it; `sink` may be null. `context` is the limit of prompt
  // and generated tokens together.
  Sequence(GenerationRequest request, EncodedPrompt prompt, const Tokenizer& tokenizer, int context,
           GenerationSink* sink);
  // Ends a request that has not ended with RESOURCE_EXHAUSTED: it was lost for lack of memory.
  ~Sequence();

  Sequence(const Sequence&) = delete;
  Sequence& operator=(const Sequence&) = delete;

  // Starts the clock of the prefill and ends that of the queue.
  void Begin();

  // Returns CANCELLED or DEADLINE_EXCEEDED if the caller does not wait for the rest.
  absl::Status CheckCancelled() const;

  // Appends a chosen token. `log_probabilities` may be null. Returns why the generation ends with
  // it, or nullopt if it goes on.
  std::optional<FinishReason> Accept(TokenId token, const TokenLogProbabilities* log_probabilities);

  GenerationResult Finish(FinishReason reason);

  // The tokens of the prompt, then the generated ones.
  const std::vector<TokenId>& tokens() const { return tokens_; }
  int64_t length() const { return static_cast<int64_t>(tokens_.size()); }
  int64_t prompt_length() const { return prompt_length_; }
  // The number of tokens that may still be generated.
  int64_t remaining_tokens() const;
  // True if all tokens but the last are in the KV cache and the prefill is over.
  bool is_decoding() const { return computed + 1 == length() && has_first_token_; }
  int priority() const { return request_.priority; }
  const GenerationRequest& request() const { return request_; }
  // The number of generated tokens, and the most that the request may generate.
  int64_t generated_tokens() const { return static_cast<int64_t>(output_.token_count()); }
  int64_t max_tokens() const { return generated_tokens() + remaining_tokens(); }
  bool allows_drafts() const { return request_.drafts; }
  bool reuses_prefix() const { return request_.reuse_prefix; }
  Sampler& sampler() { return sampler_; }

  // The state below belongs to the scheduler and its KvCacheManager.

  // The number of tokens whose KV is in the cache.
  int64_t computed = 0;
  std::vector<int32_t> pages;
  // The full pages that were offered to the prefix cache.
  PrefixCache::Prefix prefix;
  // The number of prompt tokens that the prefix cache had when the request began.
  int64_t cached_tokens = 0;
  DraftLength draft_length;
  // The numbers of draft tokens that were verified, and of those that were accepted.
  int64_t drafted_tokens = 0;
  int64_t accepted_tokens = 0;
  // The number of times that the request was preempted.
  int preemptions = 0;
  std::shared_ptr<GenerationStream> stream;
  // Increases with the order of arrival.
  int64_t arrival_number = 0;
  // The caller's account with the scheduler; null before the request is queued.
  FairShare::Account* account = nullptr;
  // The number of tokens, from the first, that the caller was charged for.
  int64_t charged_tokens = 0;

 private:
  void MeasureGaps(GenerationTimings* timings);
  absl::Duration SinceStart() const { return SteadyTime::Now() - start_; }

  const GenerationRequest request_;
  const int64_t prompt_length_;
  const int64_t context_;
  const Tokenizer& tokenizer_;
  GenerationSink* const sink_;
  std::vector<TokenId> tokens_;
  Sampler sampler_;
  TextOutput output_;
  bool has_first_token_ = false;
  absl::Duration queue_;
  SteadyTime start_;
  absl::Duration prefill_;
  absl::Duration last_token_;
  // The times from one token to the next.
  std::vector<absl::Duration> gaps_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_SEQUENCE_H_
