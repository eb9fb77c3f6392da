// The Llama architecture on libtorch.
#include "engine/runtime/llama.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/runtime/torch_status.h"

namespace assay::engine {
namespace {

absl::Status NotFinite(int position) {
  return absl::InternalError(
      absl::StrCat("the logits after position ", position,
                   " are not finite: the weights are damaged or overflow this dtype; try float32"));
}

// One transfer for the greatest logit and its id; fp32 holds every id below 2^24 exactly.
absl::StatusOr<TokenId> ArgmaxOnDevice(const at::Tensor& logits, int position) {
  const auto [value, id] = logits.max(-1);
  const at::Tensor both = at::stack({value.to(at::kFloat), id.to(at::kFloat)}).to(at::kCPU);
  const auto* pair = both.const_data_ptr<float>();
  if (!std::isfinite(pair[0])) return NotFinite(position);
  return static_cast<TokenId>(pair[1]);
}

// at::linear, with the rows of the weight shared out among the threads where MKL would use one: a
// single row in fp32 on the CPU. Reading the weight is all the cost there, and one thread cannot
// use all of the memory's bandwidth.
at::Tensor Linear(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias = {}) {
  constexpr int64_t kRowsAThread = 128;
  const bool one_row = input.size(0) == 1 && input.is_cpu() && input.scalar_type() == at::kFloat;
  if (!one_row || bias.defined()) return at::linear(input, weight, bias);
  const int64_t rows = weight.size(0);
  const at::Tensor row = input.squeeze(0);
  const at::Tensor out = at::empty({rows}, input.options());
  at::parallel_for(0, rows, kRowsAThread, [&](int64_t begin, int64_t end) {
    const c10::InferenceMode inference;
    at::Tensor part = out.narrow(0, begin, end - begin);
    at::mv_out(part, weight.narrow(0, begin, end - begin), row);
  });
  return out.unsqueeze(0);
}

}  // namespace

Llama::Llama(const LlamaConfig& config, LlamaWeights weights, int64_t context)
    : config_(config),
      weights_(std::move(weights)),
      rope_(config, context, weights_.rope_factors, weights_.token_embedding.options()),
      cache_(config, context, weights_.token_embedding.options()) {}

absl::Status Llama::Read(absl::Span<const TokenId> tokens, int position) {
  return CatchTorch("reading the prompt", [&]() -> absl::Status {
    const c10::InferenceMode inference;
    Forward(tokens, position);
    return absl::OkStatus();
  });
}

absl::StatusOr<TokenId> Llama::ReadAndChoose(absl::Span<const TokenId> tokens, int position,
                                             Sampler& sampler) {
  return CatchTorch("computing a token", [&]() -> absl::StatusOr<TokenId> {
    const c10::InferenceMode inference;
    const at::Tensor hidden = Forward(tokens, position);
    const at::Tensor logits = LogitsOf(hidden.narrow(0, hidden.size(0) - 1, 1)).squeeze(0);
    const int last = position + static_cast<int>(tokens.size()) - 1;
    if (sampler.greedy() && !logits.is_cpu()) return ArgmaxOnDevice(logits, last);
    const at::Tensor row = logits.to(at::kCPU, at::kFloat).contiguous();
    const auto values =
        absl::MakeConstSpan(row.const_data_ptr<float>(), static_cast<size_t>(config_.vocab));
    const TokenId token = sampler.Sample(values);
    if (!std::isfinite(values[static_cast<size_t>(token)])) return NotFinite(last);
    return token;
  });
}

absl::Status Llama::ReadLogits(absl::Span<const TokenId> tokens, int position,
                               absl::Span<float> out) {
  return CatchTorch("computing logits", [&]() -> absl::Status {
    const c10::InferenceMode inference;
    const at::Tensor logits = LogitsOf(Forward(tokens, position));
    at::from_blob(out.data(), logits.sizes(), at::kFloat).copy_(logits);
    return absl::OkStatus();
  });
}

at::Tensor Llama::Forward(absl::Span<const TokenId> tokens, int64_t position) {
  const auto count = static_cast<int64_t>(tokens.size());
  const at::Device device = weights_.token_embedding.device();
  const at::Tensor ids =
      at::tensor(at::ArrayRef<TokenId>(tokens.data(), tokens.size()), at::kInt).to(device);
  const RopeAngles angles = rope_.At(position, count);
  const at::Tensor mask = Mask(position, count);
  at::Tensor hidden = at::embedding(weights_.token_embedding, ids);
  for (int64_t i = 0; i < config_.layers; ++i) {
    const LlamaLayer& layer = weights_.layers[static_cast<size_t>(i)];
    hidden = hidden + Attention(i, Norm(hidden, layer.attention_norm), position, angles, mask);
    hidden = hidden + FeedForward(layer, Norm(hidden, layer.feed_forward_norm));
  }
  return hidden;
}

at::Tensor Llama::LogitsOf(const at::Tensor& hidden) const {
  return Linear(Norm(hidden, weights_.output_norm), weights_.output);
}

at::Tensor Llama::Norm(const at::Tensor& hidden, const at::Tensor& weight) const {
  return at::rms_norm(hidden, {config_.hidden}, weight, config_.rms_epsilon);
}

at::Tensor Llama::Attention(int64_t layer, const at::Tensor& hidden, int64_t position,
                            const RopeAngles& angles, const at::Tensor& mask) {
  const LlamaLayer& weights = weights_.layers[static_cast<size_t>(layer)];
  const int64_t count = hidden.size(0);
  const int64_t length = position + count;
  const int64_t rotated_heads = config_.heads + config_.kv_heads;
  const int64_t group = config_.heads / config_.kv_heads;
  const at::Tensor qkv = Linear(hidden, weights.qkv, weights.qkv_bias)
                             .view({count, rotated_heads + config_.kv_heads, config_.head_dim});
  const at::Tensor rotated = rope_.Rotate(qkv.narrow(1, 0, rotated_heads), angles);
  cache_.Write(layer, position, rotated.narrow(1, config_.heads, config_.kv_heads),
               qkv.narrow(1, rotated_heads, config_.kv_heads));
  const at::Tensor keys = cache_.Keys(layer, length);
  const at::Tensor values = cache_.Values(layer, length);
  // Heads that share keys and values stand together, so that neither is copied: for one token as
  // rows of one product, for more as heads over a view of stride zero.
  const at::Tensor queries =
      rotated.narrow(1, 0, config_.heads).view({count, config_.kv_heads, group, config_.head_dim});
  at::Tensor mixed;
  if (count == 1) {
    mixed = at::scaled_dot_product_attention(queries, keys.unsqueeze(0), values.unsqueeze(0));
  } else {
    const std::array<int64_t, 4> shared = {config_.kv_heads, group, length, config_.head_dim};
    mixed = at::scaled_dot_product_attention(
                queries.permute({1, 2, 0, 3}), keys.unsqueeze(1).expand(shared),
                values.unsqueeze(1).expand(shared),
                mask.defined() ? std::optional<at::Tensor>(mask) : std::nullopt,
                /*dropout_p=*/0.0, /*is_causal=*/!mask.defined())
                .permute({2, 0, 1, 3});
  }
  return Linear(mixed.reshape({count, config_.query_rows()}), weights.attention_output,
                weights.attention_output_bias);
}

at::Tensor Llama::FeedForward(const LlamaLayer& layer, const at::Tensor& hidden) const {
  const at::Tensor gate_up = Linear(hidden, layer.gate_up);
  const at::Tensor gate = gate_up.narrow(1, 0, config_.feed_forward);
  const at::Tensor up = gate_up.narrow(1, config_.feed_forward, config_.feed_forward);
  return Linear(at::silu(gate).mul_(up), layer.down);
}

// Undefined where is_causal (the first chunk) or nothing (one token) says the same.
at::Tensor Llama::Mask(int64_t position, int64_t count) const {
  if (position == 0 || count == 1) return {};
  const at::Tensor hidden =
      at::full({count, position + count}, -std::numeric_limits<double>::infinity(),
               weights_.token_embedding.options());
  return at::triu(hidden, position + 1);
}

}  // namespace assay::engine
