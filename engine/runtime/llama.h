// The Llama architecture on libtorch. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_LLAMA_H_
#define ASSAY_ENGINE_RUNTIME_LLAMA_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/runtime/decoder.h"
#include "engine/runtime/kv_cache.h"
#include "engine/runtime/llama_config.h"
#include "engine/runtime/llama_weights.h"
#include "engine/runtime/rope.h"

namespace assay::engine {

// Llama (arXiv:2302.13971) with grouped-query attention: RMSNorm, rotary positions, SwiGLU. One
// sequence at a time.
class Llama : public Decoder {
 public:
  // `context`: positions of the cache. Throws as libtorch does.
  Llama(const LlamaConfig& config, LlamaWeights weights, int64_t context);

  int context_length() const override { return static_cast<int>(cache_.context()); }
  absl::Status Read(absl::Span<const TokenId> tokens, int position) override;
  absl::StatusOr<TokenId> ReadAndChoose(absl::Span<const TokenId> tokens, int position,
                                        Sampler& sampler) override;

  // Writes the logits after each of `tokens` to `out`, [tokens, vocab].
  absl::Status ReadLogits(absl::Span<const TokenId> tokens, int position, absl::Span<float> out);

  int64_t weight_bytes() const { return weights_.Bytes(); }
  int64_t cache_bytes() const { return cache_.Bytes(); }
  int64_t vocab() const { return config_.vocab; }

 private:
  // Both throw as libtorch does. [tokens, hidden] before the last norm; [rows, vocab].
  at::Tensor Forward(absl::Span<const TokenId> tokens, int64_t position);
  at::Tensor LogitsOf(const at::Tensor& hidden) const;

  at::Tensor Norm(const at::Tensor& hidden, const at::Tensor& weight) const;
  at::Tensor Attention(int64_t layer, const at::Tensor& hidden, int64_t position,
                       const RopeAngles& angles, const at::Tensor& mask);
  at::Tensor FeedForward(const LlamaLayer& layer, const at::Tensor& hidden) const;
  at::Tensor Mask(int64_t position, int64_t count) const;

  LlamaConfig config_;
  LlamaWeights weights_;
  Rope rope_;
  KvCache cache_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_LLAMA_H_
