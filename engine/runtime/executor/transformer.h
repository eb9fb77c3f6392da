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
#include "engine/runtime/executor/device_quirks.h"
#include "engine/runtime/executor/kv_cache.h"
#include "engine/runtime/executor/rope.h"
#include "engine/runtime/executor/step_layout.h"
#include "engine/runtime/executor/transformer_weights.h"
#include "engine/runtime/scheduler/model_executor.h"

namespace assay::engine {

// A StepLayout whose numbers are on the device.
struct DeviceStep {
  const StepLayout& layout;
  // layout.values, int64.
  at::Tensor values;

  at::Tensor Get(const StepLayout::Range& range) const {
    return values.narrow(0, range.begin, range.size);
  }
};

// The transformer that a ModelSpec describes, on any device of libtorch. Immutable; the KV cache is
// an argument. One call at a time. Nothing waits for the device. Everything throws the exceptions
// of libtorch.
class Transformer {
 public:
  // `context` is the maximum length of a sequence.
  Transformer(ModelSpec spec, TransformerWeights weights, int64_t context,
              const DeviceQuirks& quirks);

  // Returns the window for LayOut().
  int64_t window() const {
    return spec_.attention.windowed_layers.empty() ? 0 : spec_.attention.window;
  }

  // Computes the chunks of several sequences together; `step` is their layout. They share the
  // products with weights, and the sequences of a group share their attention. Returns the hidden
  // states [layout.rows(), hidden] before the last norm.
  at::Tensor Forward(absl::Span<const SequenceChunk> chunks, const DeviceStep& step,
                     KvCache& cache) const;

  // Returns the logits of hidden states, [rows, vocab]; for an encoder the hidden states.
  at::Tensor Logits(const at::Tensor& hidden) const;

  KvCache MakeCache(int64_t pages) const { return {spec_, pages, options_}; }

  const ModelSpec& spec() const { return spec_; }
  int64_t context() const { return context_; }
  int64_t weight_bytes() const { return weights_.bytes; }
  const at::TensorOptions& options() const { return options_; }

 private:
  // What the attention of a group needs in all layers of one kind.
  struct GroupKeys {
    // The slots, [sequences * keys].
    at::Tensor slots;
    at::Tensor mask;
  };
  // Inputs that are the same in every layer.
  struct Shared {
    RopeAngles angles;
    RopeAngles window_angles;
    // The slot of each row.
    at::Tensor slots;
    // One per group.
    std::vector<GroupKeys> keys;
    std::vector<GroupKeys> window_keys;
  };

  Shared Prepare(absl::Span<const SequenceChunk> chunks, const DeviceStep& step) const;
  at::Tensor Embed(const DeviceStep& step) const;
  at::Tensor Block(int64_t layer, const at::Tensor& hidden, const StepLayout& layout,
                   const Shared& shared, KvCache& cache) const;
  at::Tensor Attention(int64_t layer, const at::Tensor& hidden, const StepLayout& layout,
                       const Shared& shared, KvCache& cache) const;
  at::Tensor FeedForward(const LayerWeights& layer, const at::Tensor& hidden) const;
  at::Tensor Norm(const at::Tensor& hidden, const NormWeights& norm) const;
  // Normalizes the heads of queries and keys in place.
  void NormHeads(at::Tensor heads, const NormWeights& norm) const;

  ModelSpec spec_;
  TransformerWeights weights_;
  // The norms of queries and keys together, one per layer, [heads + kv_heads, head_dim].
  std::vector<NormWeights> head_norms_;
  int64_t context_;
  DeviceQuirks quirks_;
  at::TensorOptions options_;
  AttentionMasks masks_;
  std::optional<Rope> rope_;
  std::optional<Rope> window_rope_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_TRANSFORMER_H_
