// A decoder-only transformer on libtorch. Private to this folder.
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

// The transformer that a ModelSpec describes, on any device of libtorch. Immutable; the KV cache is
// an argument. One call at a time. Everything throws the exceptions of libtorch.
class Transformer {
 public:
  // `context` is the maximum length of a sequence.
  Transformer(ModelSpec spec, TransformerWeights weights, int64_t context);

  // Computes chunks of several sequences, of any lengths, together. They share the products with
  // weights; attention is computed for each sequence. Returns [all tokens, hidden], before the last
  // norm.
  at::Tensor Forward(absl::Span<const SequenceChunk> chunks, KvCache& cache) const;

  // Returns the logits of hidden states, [rows, vocab].
  at::Tensor Logits(const at::Tensor& hidden) const;

  KvCache MakeCache(int64_t pages) const { return {spec_, pages, options_}; }

  const ModelSpec& spec() const { return spec_; }
  int64_t context() const { return context_; }
  int64_t weight_bytes() const { return weights_.bytes; }
  const at::TensorOptions& options() const { return options_; }

 private:
  // Inputs that are the same in every layer.
  struct Shared {
    RopeAngles angles;
    RopeAngles window_angles;
    // One per chunk.
    std::vector<AttentionMask> masks;
    std::vector<AttentionMask> window_masks;
    // The slots of the chunk's own tokens, and of those that it attends to.
    std::vector<KvSlots> written;
    std::vector<KvSlots> visible;
    std::vector<KvSlots> window_visible;
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
