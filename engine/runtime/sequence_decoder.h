// One sequence through a transformer. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SEQUENCE_DECODER_H_
#define ASSAY_ENGINE_RUNTIME_SEQUENCE_DECODER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/runtime/decoder.h"
#include "engine/runtime/kv_cache.h"
#include "engine/runtime/transformer.h"

namespace assay::engine {

// As Decoder, over a cache of its own. `transformer` must outlive it.
class SequenceDecoder : public Decoder {
 public:
  explicit SequenceDecoder(const Transformer& transformer)
      : transformer_(transformer), cache_(transformer.MakeCache()) {}

  int context_length() const override { return static_cast<int>(cache_.context()); }
  absl::Status Read(const Chunk& chunk) override;
  absl::StatusOr<TokenId> ReadAndChoose(const Chunk& chunk, Sampler& sampler) override;

  // Writes the logits after each token to `out`, [tokens, vocab].
  absl::Status ReadLogits(const Chunk& chunk, absl::Span<float> out);

  int64_t cache_bytes() const { return cache_.Bytes(); }

 private:
  at::Tensor Forward(const Chunk& chunk);

  const Transformer& transformer_;
  KvCache cache_;
};

// Logits of several sequences, read together in one pass from their beginnings: of each, [tokens,
// vocab].
absl::StatusOr<std::vector<std::vector<float>>> ReadBatchLogits(
    const Transformer& transformer, absl::Span<const std::vector<TokenId>> sequences);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SEQUENCE_DECODER_H_
