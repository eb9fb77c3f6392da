// A decoder-only transformer on libtorch, as a ModelSpec describes it. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_TRANSFORMER_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_TRANSFORMER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "engine/architectures/model_spec.h"
#include "engine/runtime/executor/attention.h"
#include "engine/runtime/executor/kv_cache.h"
#include "engine/runtime/executor/rope.h"
#include "engine/runtime/executor/transformer_weights.h"
#include "engine/runtime/scheduler/model_executor.h"

namespace assay::engine {

// On any device of libtorch. Immutable but for the cache it is given; one call at a time.
// Everything throws as libtorch does.
class Transformer {
 public:
  // `context`: the longest sequence.
  Transformer(ModelSpec spec, TransformerWeights weights, int64_t context);

  // Reads the chunks of several sequences, of any lengths, together: the products with weights are
  // shared, attention is each one's own. Returns [all tokens, hidden], before the last norm.
  at::Tensor Forward(absl::Span<const SequenceChunk> chunks, KvCache& cache) const;

  // [rows, vocab].
  at::Tensor Logits(const at::Tensor& hidden) const;

  KvCache MakeCache(int64_t pages) const { return {spec_, pages, options_}; }

  const ModelSpec& spec() const { return spec_; }
  int64_t context() const { return context_; }
  int64_t weight_bytes() const { return weights_.bytes; }
  const at::TensorOptions& options() const { return options_; }

 private:
  // What is the same in every layer.
  struct Shared {
    RopeAngles angles;
    RopeAngles window_angles;
    // One a chunk.
    std::vector<AttentionMask> masks;
    std::vector<AttentionMask> window_masks;
    // Of the chunk's own tokens, and of those that it sees.
    std::vector<KvPlaces> written;
    std::vector<KvPlaces> seen;
    std::vector<KvPlaces> window_seen;
  };

  Shared Prepare(absl::Span<const SequenceChunk> chunks, const KvCache& cache) const;
  at::Tensor Embed(absl::Span<const SequenceChunk> chunks) const;
  at::Tensor Block(int64_t layer, const at::Tensor& hidden, absl::Span<const SequenceChunk> chunks,
                   const Shared& shared, KvCache& cache) const;
  at::Tensor Attention(int64_t layer, const at::Tensor& hidden,
                       absl::Span<const SequenceChunk> chunks, const Shared& shared,
                       KvCache& cache) const;
  at::Tensor FeedForward(const LayerWeights& layer, const at::Tensor& hidden) const;
  at::Tensor Norm(const at::Tensor& hidden, const NormWeights& norm) const;
  at::Tensor NormHeads(const at::Tensor& heads, const NormWeights& norm) const;

  ModelSpec spec_;
  TransformerWeights weights_;
  int64_t context_;
  at::TensorOptions options_;
  AttentionMasks masks_;
  std::optional<Rope> rope_;
  std::optional<Rope> window_rope_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_TRANSFORMER_H_
