// One sequence through an executor. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SEQUENCE_DECODER_H_
#define ASSAY_ENGINE_RUNTIME_SEQUENCE_DECODER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/runtime/decoder.h"
#include "engine/runtime/model_executor.h"

namespace assay::engine {

// As Decoder, over the executor's first pages. `executor` must outlive it.
class SequenceDecoder : public Decoder {
 public:
  SequenceDecoder(ModelExecutor& executor, int context);

  int context_length() const override { return context_; }
  absl::Status Read(const Chunk& chunk) override;
  absl::StatusOr<TokenId> ReadAndChoose(const Chunk& chunk, Sampler& sampler) override;

  // Writes the logits after each token to `out`, [tokens, vocab].
  absl::Status ReadLogits(const Chunk& chunk, absl::Span<float> out);

 private:
  absl::Status Run(const Chunk& chunk, LogitsWanted logits);

  ModelExecutor& executor_;
  const int context_;
  std::vector<int32_t> pages_;
};

// Logits of several sequences, read together in one pass from their beginnings: of each, [tokens,
// vocab]. RESOURCE_EXHAUSTED: the executor has not that many pages.
absl::StatusOr<std::vector<std::vector<float>>> ReadBatchLogits(
    ModelExecutor& executor, absl::Span<const std::vector<TokenId>> sequences, int64_t vocab);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SEQUENCE_DECODER_H_
