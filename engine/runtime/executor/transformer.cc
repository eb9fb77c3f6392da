// A decoder-only transformer on libtorch.
#include "engine/runtime/executor/transformer.h"

#include <ATen/ATen.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace assay::engine {
namespace {

std::optional<at::Tensor> Optional(const at::Tensor& tensor) {
  return tensor.defined() ? std::optional<at::Tensor>(tensor) : std::nullopt;
}

at::Tensor Activate(Activation activation, const at::Tensor& input) {
  switch (activation) {
    case Activation::kSilu:
      return at::silu(input);
    case Activation::kGelu:
      return at::gelu(input);
    case Activation::kGeluTanh:
      return at::gelu(input, "tanh");
    case Activation::kRelu:
      return at::relu(input);
  }
  return input;
}

at::Tensor Capped(const at::Tensor& logits, double cap) {
  return cap == 0.0 ? logits : (logits / cap).tanh_().mul_(cap);
}

RopeAngles Concatenated(const std::vector<RopeAngles>& parts) {
  if (parts.size() == 1) return parts.front();
  std::vector<at::Tensor> cosines;
  std::vector<at::Tensor> sines;
  for (const RopeAngles& part : parts) {
    cosines.push_back(part.cosine);
    sines.push_back(part.sine);
  }
  return {at::cat(cosines), at::cat(sines)};
}

int64_t CountOf(const SequenceChunk& chunk) { return static_cast<int64_t>(chunk.tokens.size()); }

RopeAngles AnglesOf(const Rope& rope, absl::Span<const SequenceChunk> chunks) {
  std::vector<RopeAngles> parts;
  parts.reserve(chunks.size());
  for (const SequenceChunk& chunk : chunks) {
    parts.push_back(rope.At(chunk.position, CountOf(chunk), chunk.first_length));
  }
  return Concatenated(parts);
}

}  // namespace

Transformer::Transformer(ModelSpec spec, TransformerWeights weights, int64_t context)
    : spec_(std::move(spec)),
      weights_(std::move(weights)),
      context_(context),
      options_(weights_.token_embedding.weight.options()),
      masks_(spec_, options_) {
  if (spec_.position != PositionKind::kRotary) return;
  rope_.emplace(spec_.rope, context, weights_.rope_factors, options_);
  if (spec_.window_rope.has_value()) {
    window_rope_.emplace(*spec_.window_rope, context, at::Tensor(), options_);
  }
}

at::Tensor Transformer::Forward(absl::Span<const SequenceChunk> chunks, KvCache& cache) const {
  const Shared shared = Prepare(chunks, cache);
  at::Tensor hidden = Embed(chunks);
  for (int64_t i = 0; i < spec_.layers; ++i) hidden = Block(i, hidden, chunks, shared, cache);
  return hidden;
}

at::Tensor Transformer::Logits(const at::Tensor& hidden) const {
  at::Tensor last = spec_.final_norm ? Norm(hidden, weights_.output_norm) : hidden;
  if (weights_.project_out.defined()) last = weights_.project_out(last);
  const bool tied = !weights_.output.defined();
  at::Tensor logits = tied ? at::linear(last, weights_.token_embedding.weight, weights_.output.bias)
                           : weights_.output(last);
  return Capped(logits, spec_.logit_softcap);
}

Transformer::Shared Transformer::Prepare(absl::Span<const SequenceChunk> chunks,
                                         const KvCache& cache) const {
  Shared shared;
  if (rope_.has_value()) shared.angles = AnglesOf(*rope_, chunks);
  if (window_rope_.has_value()) shared.window_angles = AnglesOf(*window_rope_, chunks);
  for (const SequenceChunk& chunk : chunks) {
    const int64_t end = chunk.position + CountOf(chunk);
    shared.written.push_back(cache.SlotsOf(chunk.pages, chunk.position, end));
    shared.masks.push_back(masks_.For(chunk.position, CountOf(chunk), /*windowed=*/false));
    shared.visible.push_back(cache.SlotsOf(chunk.pages, shared.masks.back().begin, end));
    if (spec_.attention.windowed_layers.empty()) continue;
    shared.window_masks.push_back(masks_.For(chunk.position, CountOf(chunk), /*windowed=*/true));
    shared.window_visible.push_back(
        cache.SlotsOf(chunk.pages, shared.window_masks.back().begin, end));
  }
  return shared;
}

at::Tensor Transformer::Embed(absl::Span<const SequenceChunk> chunks) const {
  std::vector<TokenId> ids;
  std::vector<int64_t> positions;
  for (const SequenceChunk& chunk : chunks) {
    ids.insert(ids.end(), chunk.tokens.begin(), chunk.tokens.end());
    for (int64_t i = 0; i < CountOf(chunk); ++i) {
      positions.push_back(chunk.position + spec_.learned_offset + i);
    }
  }
  const auto on_device = [&](const auto& values) {
    return at::tensor(values).to(options_.device());
  };
  at::Tensor hidden = at::embedding(weights_.token_embedding.weight, on_device(ids));
  if (spec_.embedding_scale != 1.0) {
    // The product is in the embedding's own type, as in training.
    hidden = hidden * at::scalar_tensor(spec_.embedding_scale, options_);
  }
  if (weights_.project_in.defined()) hidden = weights_.project_in(hidden);
  if (spec_.position == PositionKind::kLearned) {
    hidden = hidden + at::embedding(weights_.position_embedding, on_device(positions));
  }
  return spec_.embedding_norm ? Norm(hidden, weights_.embedding_norm) : hidden;
}

at::Tensor Transformer::Block(int64_t layer, const at::Tensor& hidden,
                              absl::Span<const SequenceChunk> chunks, const Shared& shared,
                              KvCache& cache) const {
  const LayerWeights& weights = weights_.layers[static_cast<size_t>(layer)];
  if (spec_.norm_place == NormPlace::kAfter) {
    const at::Tensor attended =
        Norm(hidden + Attention(layer, hidden, chunks, shared, cache), weights.attention_norm);
    return Norm(attended + FeedForward(weights, attended), weights.feed_forward_norm);
  }
  const at::Tensor normed = Norm(hidden, weights.attention_norm);
  at::Tensor attended = Attention(layer, normed, chunks, shared, cache);
  if (spec_.parallel) {
    const at::Tensor input = spec_.shared_norm ? normed : Norm(hidden, weights.feed_forward_norm);
    return hidden + attended + FeedForward(weights, input);
  }
  const bool post = spec_.norm_place == NormPlace::kBeforeAndAfter;
  if (post) attended = Norm(attended, weights.attention_post_norm);
  const at::Tensor middle = hidden + attended;
  at::Tensor output = FeedForward(weights, Norm(middle, weights.feed_forward_norm));
  if (post) output = Norm(output, weights.feed_forward_post_norm);
  return middle + output;
}

at::Tensor Transformer::Attention(int64_t layer, const at::Tensor& hidden,
                                  absl::Span<const SequenceChunk> chunks, const Shared& shared,
                                  KvCache& cache) const {
  const LayerWeights& weights = weights_.layers[static_cast<size_t>(layer)];
  const AttentionSpec& spec = spec_.attention;
  const bool windowed = spec_.IsWindowed(layer);
  const at::Tensor qkv =
      weights.qkv(hidden).view({hidden.size(0), spec.heads + 2 * spec.kv_heads, spec.head_dim});
  const at::Tensor values = qkv.narrow(1, spec.heads + spec.kv_heads, spec.kv_heads);
  at::Tensor rotated = qkv.narrow(1, 0, spec.heads + spec.kv_heads);
  if (spec.qk_norm != QkNorm::kNone) {
    rotated = at::cat({NormHeads(rotated.narrow(1, 0, spec.heads), weights.query_norm),
                       NormHeads(rotated.narrow(1, spec.heads, spec.kv_heads), weights.key_norm)},
                      1);
  }
  if (spec_.IsRotary(layer)) {
    const bool own = windowed && window_rope_.has_value();
    rotated = Rotate(rotated, own ? shared.window_angles : shared.angles);
  }
  const double scale =
      spec.scale_by_inverse_layer ? spec.scale / static_cast<double>(layer + 1) : spec.scale;
  const std::vector<AttentionMask>& masks = windowed ? shared.window_masks : shared.masks;
  const std::vector<KvSlots>& visible = windowed ? shared.window_visible : shared.visible;
  std::vector<at::Tensor> attended;
  attended.reserve(chunks.size());
  int64_t row = 0;
  for (size_t i = 0; i < chunks.size(); ++i) {
    const int64_t count = CountOf(chunks[i]);
    const at::Tensor rows = rotated.narrow(0, row, count);
    cache.Write(layer, shared.written[i], rows.narrow(1, spec.heads, spec.kv_heads),
                values.narrow(0, row, count));
    attended.push_back(Attend(spec, scale, rows.narrow(1, 0, spec.heads),
                              cache.Keys(layer, visible[i]), cache.Values(layer, visible[i]),
                              masks[i]));
    row += count;
  }
  return weights.attention_output(attended.size() == 1 ? attended.front() : at::cat(attended));
}

at::Tensor Transformer::FeedForward(const LayerWeights& layer, const at::Tensor& hidden) const {
  const FeedForwardSpec& spec = spec_.feed_forward;
  const at::Tensor up = layer.up(hidden);
  if (!spec.gated) return layer.down(Activate(spec.activation, up));
  const at::Tensor gate = up.narrow(1, 0, spec.width);
  return layer.down(Activate(spec.activation, gate).mul_(up.narrow(1, spec.width, spec.width)));
}

at::Tensor Transformer::Norm(const at::Tensor& hidden, const NormWeights& norm) const {
  if (spec_.norm == NormKind::kRms) {
    return at::rms_norm(hidden, {spec_.hidden}, Optional(norm.weight), spec_.norm_epsilon);
  }
  return at::layer_norm(hidden, {spec_.hidden}, Optional(norm.weight), Optional(norm.bias),
                        spec_.norm_epsilon);
}

at::Tensor Transformer::NormHeads(const at::Tensor& heads, const NormWeights& norm) const {
  const std::array<int64_t, 1> shape = {spec_.attention.head_dim};
  const at::Tensor plain =
      spec_.norm == NormKind::kRms
          ? at::rms_norm(heads, shape, std::nullopt, spec_.norm_epsilon)
          : at::layer_norm(heads, shape, std::nullopt, std::nullopt, spec_.norm_epsilon);
  const at::Tensor scaled = plain * norm.weight;
  return norm.bias.defined() ? scaled + norm.bias : scaled;
}

}  // namespace assay::engine
