// The positions of tokens in the attention of the CPU's executor.
#include "engine/runtime/executor/cpu_positions.h"

#include "engine/kernels/kv_pages.h"
#include "engine/kernels/narrow_floats.h"
#include "engine/kernels/row_ops.h"
#include "engine/runtime/executor/attention.h"

namespace assay::engine {
namespace {

// Returns Falcon's ALiBi biases, [heads, stride]. They depend only on the position of the key, and
// are rounded as in training.
std::vector<float> RoundedBiases(const AttentionSpec& spec, int64_t stride) {
  const auto round = [](float value) { return BFloat16ToFloat(BFloat16FromFloat(value)); };
  std::vector<float> biases;
  biases.reserve(static_cast<size_t>(spec.heads * stride));
  for (const float slope : AlibiSlopes(spec.heads)) {
    for (int64_t t = 0; t < stride; ++t) {
      biases.push_back(round(round(slope) * round(static_cast<float>(t))) *
                       static_cast<float>(spec.scale));
    }
  }
  return biases;
}

}  // namespace

CpuPositions::CpuPositions(const ModelSpec& spec, int64_t context, const at::Tensor& rope_factors)
    : spec_(spec) {
  const at::TensorOptions floats = at::TensorOptions().dtype(at::kFloat);
  if (spec_.position == PositionKind::kRotary) {
    rope_.emplace(spec_.rope, context, rope_factors, floats);
    if (spec_.window_rope.has_value()) {
      window_rope_.emplace(*spec_.window_rope, context, at::Tensor(), floats);
    }
  } else if (spec_.position == PositionKind::kAlibi) {
    if (spec_.attention.alibi_rounded_and_scaled) {
      bias_stride_ = PagesFor(context) * kPageTokens;
      biases_ = RoundedBiases(spec_.attention, bias_stride_);
    } else {
      slopes_ = AlibiSlopes(spec_.attention.heads);
    }
  }
}

void CpuPositions::Prepare(absl::Span<const SequenceChunk> chunks) {
  angles_.clear();
  window_angles_.clear();
  if (!rope_.has_value()) return;
  for (const SequenceChunk& chunk : chunks) {
    const auto count = static_cast<int64_t>(chunk.tokens.size());
    angles_.push_back({rope_->At(chunk.position, count, chunk.first_length), spec_.rope.dim / 2});
    if (!window_rope_.has_value() || !spec_.window_rope.has_value()) continue;
    window_angles_.push_back(
        {window_rope_->At(chunk.position, count, chunk.first_length), spec_.window_rope->dim / 2});
  }
}

void CpuPositions::Rotate(int64_t layer, size_t chunk, int64_t token, float* queries) const {
  if (!spec_.IsRotary(layer)) return;
  const AttentionSpec& spec = spec_.attention;
  const bool own = spec_.IsWindowed(layer) && window_rope_.has_value();
  const Angles& angles = (own ? window_angles_ : angles_)[chunk];
  for (int64_t head = 0; head < spec.heads + spec.kv_heads; ++head) {
    RotateHalves(angles.cosines(token), angles.sines(token), angles.half,
                 queries + head * spec.head_dim);
  }
}

}  // namespace assay::engine
