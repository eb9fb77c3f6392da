// The logits of whole sequences, for tests and measurements. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_LOGITS_READER_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_LOGITS_READER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/runtime/scheduler/model_executor.h"

namespace assay::engine {

// Computes `tokens` from the beginning, `chunk` tokens at a time, in the executor's first pages.
// Sets `logits` to those after each token, [tokens, vocab].
absl::Status ReadLogits(ModelExecutor& executor, absl::Span<const TokenId> tokens, int64_t chunk,
                        int64_t vocab, std::vector<float>* logits);

// Computes several sequences together in one pass and appends the logits of each of them.
// RESOURCE_EXHAUSTED: the executor does not have enough pages.
absl::Status ReadBatchLogits(ModelExecutor& executor,
                             absl::Span<const std::vector<TokenId>> sequences, int64_t vocab,
                             std::vector<std::vector<float>>* logits);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_LOGITS_READER_H_
