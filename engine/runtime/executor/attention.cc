// Attention of several sequences at once by libtorch.
#include "engine/runtime/executor/attention.h"

#include <ATen/ATen.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace assay::engine {
namespace {

constexpr double kHidden = -std::numeric_limits<double>::infinity();

// The operands of attention as products take them, [sequences, kv_heads, rows or keys, head_dim].
// The rows of a head of keys are its heads of queries and their tokens.
struct Operands {
  at::Tensor rows;
  at::Tensor keys;
  at::Tensor values;
};

Operands OperandsOf(const AttentionSpec& spec, const at::Tensor& queries,
                    const at::Tensor& cached) {
  const int64_t sequences = cached.size(0);
  const int64_t tokens = queries.size(0) / sequences;
  const int64_t group = spec.heads / spec.kv_heads;
  return {.rows = queries.view({sequences, tokens, spec.kv_heads, group, spec.head_dim})
                      .permute({0, 2, 3, 1, 4})
                      .reshape({sequences, spec.kv_heads, group * tokens, spec.head_dim}),
          .keys = cached.narrow(2, 0, spec.kv_heads).transpose(1, 2),
          .values = cached.narrow(2, spec.kv_heads, spec.kv_heads).transpose(1, 2)};
}

// Returns [sequences * tokens, heads * head_dim] of [sequences, kv_heads, rows, head_dim].
at::Tensor ByToken(const AttentionSpec& spec, const at::Tensor& attended) {
  const int64_t sequences = attended.size(0);
  const int64_t group = spec.heads / spec.kv_heads;
  const int64_t tokens = attended.size(2) / group;
  return attended.reshape({sequences, spec.kv_heads, group, tokens, spec.head_dim})
      .permute({0, 3, 1, 2, 4})
      .reshape({sequences * tokens, spec.heads * spec.head_dim});
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

AttentionMasks::AttentionMasks(const ModelSpec& spec, int64_t max_keys,
                               const at::TensorOptions& options)
    : spec_(spec.attention),
      alibi_(spec.position == PositionKind::kAlibi),
      shows_later_(spec.encoder),
      options_(options),
      indices_(at::arange(max_keys, at::kLong).to(options.device())) {
  if (!alibi_) return;
  slopes_ = at::tensor(at::ArrayRef<float>(AlibiSlopes(spec_.heads)))
                .view({spec_.heads, 1, 1})
                .to(options.device());
}

// Distances are relative to the last key, where the bias is zero for any length, so that half
// precision keeps its digits where the attention is.
at::Tensor AttentionMasks::Alibi(const at::Tensor& last, const at::Tensor& key_positions) const {
  const at::Tensor keys = key_positions.unsqueeze(1);
  if (spec_.alibi_rounded_and_scaled) {
    const at::Tensor rounded_keys = keys.to(at::kBFloat16).to(at::kFloat);
    const at::Tensor rounded =
        (slopes_.to(at::kBFloat16).to(at::kFloat) * rounded_keys).to(at::kBFloat16).to(at::kFloat);
    return rounded * spec_.scale;
  }
  return slopes_ * (keys - last.view({-1, 1, 1, 1})).to(at::kFloat);
}

at::Tensor AttentionMasks::For(const at::Tensor& positions, const at::Tensor& begins, int64_t keys,
                               bool windowed) const {
  const int64_t sequences = positions.size(0);
  const int64_t tokens = positions.size(1);
  const int64_t group = spec_.heads / spec_.kv_heads;
  const at::Tensor key_positions = (indices_.narrow(0, 0, keys) + begins.unsqueeze(1)).unsqueeze(1);
  // The last key that a query attends to.
  const at::Tensor last =
      shows_later_ ? positions.narrow(1, tokens - 1, 1).expand({sequences, tokens}) : positions;
  const at::Tensor query_positions = last.unsqueeze(2);
  at::Tensor hidden = key_positions > query_positions;
  if (windowed) {
    hidden = hidden.logical_or(key_positions <= query_positions - spec_.window);
  }
  if (alibi_) {
    return Alibi(positions.select(1, tokens - 1), key_positions)
        .expand({sequences, spec_.heads, tokens, keys})
        .masked_fill(hidden.unsqueeze(1), kHidden)
        .to(options_)
        .view({sequences, spec_.kv_heads, group * tokens, keys});
  }
  return at::zeros(hidden.sizes(), options_)
      .masked_fill_(hidden, kHidden)
      .view({sequences, 1, 1, tokens, keys})
      .expand({sequences, 1, group, tokens, keys})
      .reshape({sequences, 1, group * tokens, keys});
}

at::Tensor AttendFused(const AttentionSpec& spec, double scale, const at::Tensor& queries,
                       const at::Tensor& cached, const at::Tensor& mask) {
  const auto [rows, keys, values] = OperandsOf(spec, queries, cached);
  return ByToken(spec, at::scaled_dot_product_attention(rows, keys, values, mask, /*dropout_p=*/0.0,
                                                        /*is_causal=*/false, scale));
}

// A cap makes the scores cap * tanh(scores / cap), which the fused operator does not support.
at::Tensor AttendPlainly(const AttentionSpec& spec, double scale, const at::Tensor& queries,
                         const at::Tensor& cached, const at::Tensor& mask) {
  const auto [rows, keys, values] = OperandsOf(spec, queries, cached);
  const at::Tensor products = at::matmul(rows, keys.transpose(2, 3));
  const at::Tensor scores =
      spec.softcap == 0.0
          ? at::add(mask, products, scale)
          : at::add(mask, products.mul_(scale / spec.softcap).tanh_(), spec.softcap);
  const at::Tensor weights = at::softmax(scores, -1, at::kFloat).to(values.scalar_type());
  return ByToken(spec, at::matmul(weights, values));
}

}  // namespace assay::engine
