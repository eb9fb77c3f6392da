// Attention over a KV cache by libtorch.
#include "engine/runtime/executor/attention.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace assay::engine {
namespace {

// Returns minus infinity where `hidden` is true, else 0.
at::Tensor MaskOf(const at::Tensor& hidden, const at::TensorOptions& options) {
  return at::zeros(hidden.sizes(), options)
      .masked_fill(hidden, -std::numeric_limits<double>::infinity());
}

// Computes attention with scores = cap * tanh(q k / cap), which the fused kernels do not support.
at::Tensor AttendCapped(const AttentionSpec& spec, double scale, const at::Tensor& queries,
                        const at::Tensor& keys, const at::Tensor& values,
                        const AttentionMask& mask) {
  const int64_t count = queries.size(0);
  const int64_t group = spec.heads / spec.kv_heads;
  const at::Tensor rows = queries.view({count, spec.kv_heads, group, spec.head_dim})
                              .permute({1, 2, 0, 3})
                              .reshape({spec.kv_heads, group * count, spec.head_dim});
  at::Tensor scores = at::bmm(rows, keys.transpose(1, 2)).mul_(scale / spec.softcap);
  scores = scores.tanh_().mul_(spec.softcap);
  scores = scores.view({spec.kv_heads, group, count, keys.size(1)});
  if (mask.added.defined()) scores = scores.add_(mask.added);
  const at::Tensor weights = at::softmax(scores, -1, at::kFloat)
                                 .to(values.scalar_type())
                                 .view({spec.kv_heads, group * count, keys.size(1)});
  return at::bmm(weights, values)
      .view({spec.kv_heads, group, count, spec.head_dim})
      .permute({2, 0, 1, 3})
      .reshape({count, spec.heads * spec.head_dim});
}

}  // namespace

// For a power of two of heads the slopes are powers of one base. For other numbers they are those
// of the next lower power of two, then every second one of the next higher power (arXiv:2108.12409,
// section 3).
std::vector<float> AlibiSlopes(int64_t heads) {
  constexpr double kExponent = 8.0;
  int64_t power = 1;
  while (power * 2 <= heads) power *= 2;
  std::vector<float> slopes;
  const auto slope = [](int64_t i, int64_t of) {
    return static_cast<float>(
        std::pow(2.0, -kExponent * static_cast<double>(i) / static_cast<double>(of)));
  };
  for (int64_t i = 1; i <= power; ++i) slopes.push_back(slope(i, power));
  for (int64_t i = 1; static_cast<int64_t>(slopes.size()) < heads; i += 2) {
    slopes.push_back(slope(i, 2 * power));
  }
  return slopes;
}

AttentionMasks::AttentionMasks(const ModelSpec& spec, const at::TensorOptions& options)
    : spec_(spec.attention), alibi_(spec.position == PositionKind::kAlibi), options_(options) {
  if (!alibi_) return;
  slopes_ = at::tensor(at::ArrayRef<float>(AlibiSlopes(spec_.heads)))
                .view({spec_.heads, 1, 1})
                .to(options.device());
}

// Distances are relative to the last key, where the bias is zero for any length, so that half
// precision keeps its digits where the attention is.
at::Tensor AttentionMasks::Alibi(int64_t position, int64_t count) const {
  const int64_t length = position + count;
  const at::TensorOptions floats = options_.dtype(at::kFloat);
  if (spec_.alibi_rounded_and_scaled) {
    const at::Tensor keys = at::arange(length, floats).to(at::kBFloat16).to(at::kFloat);
    const at::Tensor rounded =
        (slopes_.to(at::kBFloat16).to(at::kFloat) * keys).to(at::kBFloat16).to(at::kFloat);
    return rounded * spec_.scale;
  }
  return slopes_ * (at::arange(length, floats) - static_cast<double>(length - 1));
}

AttentionMask AttentionMasks::For(int64_t position, int64_t count, bool windowed) const {
  const int64_t length = position + count;
  const bool cuts = windowed && spec_.window > 0 && length > spec_.window;
  const int64_t begin = cuts ? std::max<int64_t>(0, position - spec_.window + 1) : 0;
  const bool plain = count == 1 || (position == 0 && !cuts && spec_.softcap == 0.0);
  if (plain && !alibi_) return {.begin = begin};
  const at::TensorOptions integers = options_.dtype(at::kLong);
  const at::Tensor queries = at::arange(position, length, integers).unsqueeze(1);
  const at::Tensor keys = at::arange(begin, length, integers).unsqueeze(0);
  at::Tensor hidden = keys > queries;
  if (cuts) hidden = hidden.logical_or(queries - keys >= spec_.window);
  if (!alibi_) return {.begin = begin, .added = MaskOf(hidden, options_)};
  const at::Tensor bias = Alibi(position, count).expand({spec_.heads, count, length});
  return {.begin = 0,
          .added = bias.masked_fill(hidden, -std::numeric_limits<double>::infinity()).to(options_)};
}

at::Tensor Attend(const AttentionSpec& spec, double scale, const at::Tensor& queries,
                  const at::Tensor& keys, const at::Tensor& values, const AttentionMask& mask) {
  if (spec.softcap != 0.0) return AttendCapped(spec, scale, queries, keys, values, mask);
  const int64_t count = queries.size(0);
  const int64_t group = spec.heads / spec.kv_heads;
  const int64_t length = keys.size(1);
  const at::Tensor grouped = queries.view({count, spec.kv_heads, group, spec.head_dim});
  const std::array<int64_t, 2> result = {count, spec.heads * spec.head_dim};
  std::optional<at::Tensor> added;
  // For one token, the heads that share keys are rows of one product. For several tokens they are
  // heads over a view of stride zero.
  if (count == 1) {
    if (mask.added.defined()) added = mask.added.view({1, spec.kv_heads, group, length});
    return at::scaled_dot_product_attention(grouped, keys.unsqueeze(0), values.unsqueeze(0), added,
                                            /*dropout_p=*/0.0, /*is_causal=*/false, scale)
        .reshape(result);
  }
  if (mask.added.defined()) {
    const bool by_head = mask.added.dim() == 3;
    added = by_head ? mask.added.view({spec.kv_heads, group, count, length}) : mask.added;
  }
  const std::array<int64_t, 4> shared = {spec.kv_heads, group, length, spec.head_dim};
  return at::scaled_dot_product_attention(
             grouped.permute({1, 2, 0, 3}), keys.unsqueeze(1).expand(shared),
             values.unsqueeze(1).expand(shared), added, /*dropout_p=*/0.0,
             /*is_causal=*/!added.has_value(), scale)
      .permute({2, 0, 1, 3})
      .reshape(result);
}

}  // namespace assay::engine
