// A decoder-only transformer on libtorch.
#include "engine/runtime/executor/transformer.h"

#include <ATen/ATen.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/runtime/executor/linear_product.h"

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

// Returns the angles of every row of a step.
RopeAngles AnglesOf(const Rope& rope, absl::Span<const SequenceChunk> chunks,
                    const DeviceStep& step) {
  if (!rope.depends_on_length()) return rope.At(step.Get(step.layout.positions));
  std::vector<at::Tensor> cosines;
  std::vector<at::Tensor> sines;
  for (const size_t i : step.layout.order) {
    const SequenceChunk& chunk = chunks[i];
    const RopeAngles angles =
        rope.At(chunk.position, static_cast<int64_t>(chunk.tokens.size()), chunk.first_length);
    cosines.push_back(angles.cosine);
    sines.push_back(angles.sine);
  }
  return {at::cat(cosines), at::cat(sines)};
}

// Stacks the weights of the norms of queries and of keys; [1 or heads, head_dim] each.
at::Tensor StackedHeads(const AttentionSpec& spec, const at::Tensor& queries,
                        const at::Tensor& keys) {
  return at::cat(
      {queries.expand({spec.heads, spec.head_dim}), keys.expand({spec.kv_heads, spec.head_dim})});
}

std::vector<NormWeights> HeadNorms(const ModelSpec& spec, const TransformerWeights& weights) {
  std::vector<NormWeights> norms;
  if (spec.attention.qk_norm == QkNorm::kNone) return norms;
  for (const LayerWeights& layer : weights.layers) {
    const NormWeights& queries = layer.query_norm;
    const NormWeights& keys = layer.key_norm;
    NormWeights norm{.weight = StackedHeads(spec.attention, queries.weight, keys.weight)};
    if (queries.bias.defined()) norm.bias = StackedHeads(spec.attention, queries.bias, keys.bias);
    norms.push_back(norm);
  }
  return norms;
}

}  // namespace

Transformer::Transformer(ModelSpec spec, TransformerWeights weights, int64_t context,
                         const DeviceQuirks& quirks)
    : spec_(std::move(spec)),
      weights_(std::move(weights)),
      head_norms_(HeadNorms(spec_, weights_)),
      context_(context),
      quirks_(quirks),
      options_(weights_.token_embedding.weight.options()),
      masks_(spec_, PaddedKeys(context), options_) {
  if (spec_.position != PositionKind::kRotary) return;
  rope_.emplace(spec_.rope, context, weights_.rope_factors, options_);
  if (spec_.window_rope.has_value()) {
    window_rope_.emplace(*spec_.window_rope, context, at::Tensor(), options_);
  }
}

at::Tensor Transformer::Forward(absl::Span<const SequenceChunk> chunks, const DeviceStep& step,
                                KvCache& cache) const {
  const Shared shared = Prepare(chunks, step);
  at::Tensor hidden = Embed(step);
  for (int64_t i = 0; i < spec_.layers; ++i) {
    hidden = Block(i, hidden, step.layout, shared, cache);
  }
  return hidden;
}

at::Tensor Transformer::Logits(const at::Tensor& hidden) const {
  if (spec_.encoder) return hidden;
  at::Tensor last = spec_.final_norm ? Norm(hidden, weights_.output_norm) : hidden;
  if (weights_.project_out.defined()) last = weights_.project_out(last, quirks_);
  const bool tied = !weights_.output.defined();
  at::Tensor logits =
      tied ? LinearProduct(last, weights_.token_embedding.weight, weights_.output.bias, quirks_)
           : weights_.output(last, quirks_);
  return Capped(logits, spec_.logit_softcap);
}

Transformer::Shared Transformer::Prepare(absl::Span<const SequenceChunk> chunks,
                                         const DeviceStep& step) const {
  const StepLayout& layout = step.layout;
  Shared shared{.slots = step.Get(layout.slots)};
  if (rope_.has_value()) shared.angles = AnglesOf(*rope_, chunks, step);
  if (window_rope_.has_value()) shared.window_angles = AnglesOf(*window_rope_, chunks, step);
  const at::Tensor positions = step.Get(layout.positions);
  for (const StepLayout::Group& group : layout.groups) {
    const at::Tensor rows = positions.narrow(0, group.row, group.sequences * group.tokens)
                                .view({group.sequences, group.tokens});
    const auto keys_of = [&](const StepLayout::Keys& keys, bool windowed) -> GroupKeys {
      return {.slots = step.Get(keys.slots),
              .mask = masks_.For(rows, step.Get(keys.begins), keys.length, windowed)};
    };
    shared.keys.push_back(keys_of(group.keys, /*windowed=*/false));
    if (window() > 0) shared.window_keys.push_back(keys_of(group.window_keys, /*windowed=*/true));
  }
  return shared;
}

at::Tensor Transformer::Embed(const DeviceStep& step) const {
  at::Tensor hidden = at::embedding(weights_.token_embedding.weight, step.Get(step.layout.tokens));
  if (spec_.embedding_scale != 1.0) {
    // The product is in the embedding's own type, as in training.
    hidden = hidden * at::scalar_tensor(spec_.embedding_scale, options_);
  }
  if (weights_.project_in.defined()) hidden = weights_.project_in(hidden, quirks_);
  if (spec_.position == PositionKind::kLearned) {
    const at::Tensor& table = weights_.position_embedding;
    const at::Tensor from_zero =
        table.narrow(0, spec_.learned_offset, table.size(0) - spec_.learned_offset);
    hidden = hidden + at::embedding(from_zero, step.Get(step.layout.positions));
  }
  return spec_.embedding_norm ? Norm(hidden, weights_.embedding_norm) : hidden;
}

at::Tensor Transformer::Block(int64_t layer, const at::Tensor& hidden, const StepLayout& layout,
                              const Shared& shared, KvCache& cache) const {
  const LayerWeights& weights = weights_.layers[static_cast<size_t>(layer)];
  if (spec_.norm_place == NormPlace::kAfter) {
    const at::Tensor attended =
        Norm(hidden + Attention(layer, hidden, layout, shared, cache), weights.attention_norm);
    return Norm(attended + FeedForward(weights, attended), weights.feed_forward_norm);
  }
  const at::Tensor normed = Norm(hidden, weights.attention_norm);
  at::Tensor attended = Attention(layer, normed, layout, shared, cache);
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

at::Tensor Transformer::Attention(int64_t layer, const at::Tensor& hidden, const StepLayout& layout,
                                  const Shared& shared, KvCache& cache) const {
  const LayerWeights& weights = weights_.layers[static_cast<size_t>(layer)];
  const AttentionSpec& spec = spec_.attention;
  const bool windowed = spec_.IsWindowed(layer);
  const at::Tensor qkv = weights.qkv(hidden, quirks_)
                             .view({hidden.size(0), spec.heads + 2 * spec.kv_heads, spec.head_dim});
  const at::Tensor queries_and_keys = qkv.narrow(1, 0, spec.heads + spec.kv_heads);
  if (!head_norms_.empty()) NormHeads(queries_and_keys, head_norms_[static_cast<size_t>(layer)]);
  if (spec_.IsRotary(layer)) {
    const bool own = windowed && window_rope_.has_value();
    Rotate(queries_and_keys, own ? shared.window_angles : shared.angles);
  }
  cache.Write(spec_.CacheLayer(layer), shared.slots, qkv.narrow(1, spec.heads, 2 * spec.kv_heads));
  const double scale =
      spec.scale_by_inverse_layer ? spec.scale / static_cast<double>(layer + 1) : spec.scale;
  const std::vector<GroupKeys>& keys = windowed ? shared.window_keys : shared.keys;
  const auto attend = spec.softcap != 0.0 || quirks_.plain_attention ? AttendPlainly : AttendFused;
  std::vector<at::Tensor> attended;
  attended.reserve(layout.groups.size());
  for (size_t i = 0; i < layout.groups.size(); ++i) {
    const StepLayout::Group& group = layout.groups[i];
    const at::Tensor cached = cache.Read(spec_.CacheLayer(layer), keys[i].slots)
                                  .view({group.sequences, -1, 2 * spec.kv_heads, spec.head_dim});
    const at::Tensor queries =
        qkv.narrow(0, group.row, group.sequences * group.tokens).narrow(1, 0, spec.heads);
    attended.push_back(attend(spec, scale, queries, cached, keys[i].mask));
  }
  return weights.attention_output(attended.size() == 1 ? attended.front() : at::cat(attended),
                                  quirks_);
}

at::Tensor Transformer::FeedForward(const LayerWeights& layer, const at::Tensor& hidden) const {
  const FeedForwardSpec& spec = spec_.feed_forward;
  const at::Tensor up = layer.up(hidden, quirks_);
  if (!spec.gated) return layer.down(Activate(spec.activation, up), quirks_);
  const at::Tensor gate = up.narrow(1, 0, spec.width);
  return layer.down(Activate(spec.activation, gate).mul_(up.narrow(1, spec.width, spec.width)),
                    quirks_);
}

at::Tensor Transformer::Norm(const at::Tensor& hidden, const NormWeights& norm) const {
  if (spec_.norm == NormKind::kRms) {
    return at::rms_norm(hidden, {spec_.hidden}, Optional(norm.weight), spec_.norm_epsilon);
  }
  return at::layer_norm(hidden, {spec_.hidden}, Optional(norm.weight), Optional(norm.bias),
                        spec_.norm_epsilon);
}

void Transformer::NormHeads(at::Tensor heads, const NormWeights& norm) const {
  const std::array<int64_t, 1> shape = {spec_.attention.head_dim};
  const at::Tensor plain =
      spec_.norm == NormKind::kRms
          ? at::rms_norm(heads, shape, std::nullopt, spec_.norm_epsilon)
          : at::layer_norm(heads, shape, std::nullopt, std::nullopt, spec_.norm_epsilon);
  at::mul_out(heads, plain, norm.weight);
  if (norm.bias.defined()) heads.add_(norm.bias);
}

}  // namespace assay::engine
