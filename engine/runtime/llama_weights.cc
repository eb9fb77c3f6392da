// Weights of a Llama model.
#include "engine/runtime/llama_weights.h"

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace assay::engine {
namespace {

// Where each row of a head lies in the file. The converter stores the pair that is rotated together
// (i, i + half) as neighbours (2i, 2i + 1); rows beyond rope_dim are not rotated and stay.
std::vector<int64_t> HalvesFromNeighbours(int64_t heads, const LlamaConfig& config) {
  const int64_t half = config.rope_dim / 2;
  std::vector<int64_t> order;
  order.reserve(static_cast<size_t>(heads * config.head_dim));
  for (int64_t head = 0; head < heads; ++head) {
    const int64_t start = head * config.head_dim;
    for (int64_t i = 0; i < half; ++i) order.push_back(start + 2 * i);
    for (int64_t i = 0; i < half; ++i) order.push_back(start + 2 * i + 1);
    for (int64_t i = config.rope_dim; i < config.head_dim; ++i) order.push_back(start + i);
  }
  return order;
}

// Loads tensors and keeps the first error.
class Builder {
 public:
  Builder(const LlamaConfig& config, WeightLoader& loader, const at::TensorOptions& options)
      : config_(config),
        loader_(loader),
        options_(options),
        query_order_(HalvesFromNeighbours(config.heads, config)),
        key_order_(HalvesFromNeighbours(config.kv_heads, config)) {}

  at::Tensor Load(const std::string& name, at::IntArrayRef shape) {
    return Load(name, shape, options_);
  }

  at::Tensor LoadIfPresent(const std::string& name, at::IntArrayRef shape,
                           const at::TensorOptions& options) {
    return loader_.Has(name) ? Load(name, shape, options) : at::Tensor();
  }

  LlamaLayer Layer(int64_t index) {
    const std::string prefix = absl::StrCat("blk.", index, ".");
    const auto named = [&](const std::string& name) {
      return absl::StrCat(prefix, name, ".weight");
    };
    LlamaLayer layer;
    layer.attention_norm = Load(named("attn_norm"), {config_.hidden});
    layer.qkv = Qkv(prefix, ".weight", {config_.hidden});
    if (loader_.Has(absl::StrCat(prefix, "attn_q.bias"))) layer.qkv_bias = Qkv(prefix, ".bias", {});
    layer.attention_output = Load(named("attn_output"), {config_.hidden, config_.query_rows()});
    layer.attention_output_bias =
        LoadIfPresent(absl::StrCat(prefix, "attn_output.bias"), {config_.hidden}, options_);
    layer.feed_forward_norm = Load(named("ffn_norm"), {config_.hidden});
    layer.gate_up = Allocate({2 * config_.feed_forward, config_.hidden});
    Read(named("ffn_gate"), layer.gate_up.narrow(0, 0, config_.feed_forward), {});
    Read(named("ffn_up"), layer.gate_up.narrow(0, config_.feed_forward, config_.feed_forward), {});
    layer.down = Load(named("ffn_down"), {config_.hidden, config_.feed_forward});
    return layer;
  }

  const absl::Status& status() const { return status_; }

 private:
  at::Tensor Allocate(at::IntArrayRef shape) { return at::empty(shape, options_); }

  at::Tensor Load(const std::string& name, at::IntArrayRef shape,
                  const at::TensorOptions& options) {
    if (!status_.ok()) return {};
    at::Tensor tensor = at::empty(shape, options);
    Read(name, tensor, {});
    return tensor;
  }

  // `inner`: the shape of a row.
  at::Tensor Qkv(const std::string& prefix, const std::string& suffix,
                 std::initializer_list<int64_t> inner) {
    const int64_t queries = config_.query_rows();
    const int64_t keys = config_.kv_rows();
    std::vector<int64_t> shape = {queries + 2 * keys};
    shape.insert(shape.end(), inner);
    at::Tensor qkv = Allocate(shape);
    Read(absl::StrCat(prefix, "attn_q", suffix), qkv.narrow(0, 0, queries), query_order_);
    Read(absl::StrCat(prefix, "attn_k", suffix), qkv.narrow(0, queries, keys), key_order_);
    Read(absl::StrCat(prefix, "attn_v", suffix), qkv.narrow(0, queries + keys, keys), {});
    return qkv;
  }

  void Read(const std::string& name, const at::Tensor& out, absl::Span<const int64_t> row_order) {
    if (status_.ok()) status_ = loader_.Read(name, out, row_order);
  }

  const LlamaConfig& config_;
  WeightLoader& loader_;
  at::TensorOptions options_;
  std::vector<int64_t> query_order_;
  std::vector<int64_t> key_order_;
  absl::Status status_;
};

int64_t BytesOf(std::initializer_list<at::Tensor> tensors) {
  int64_t bytes = 0;
  for (const at::Tensor& tensor : tensors) {
    if (tensor.defined()) bytes += static_cast<int64_t>(tensor.nbytes());
  }
  return bytes;
}

}  // namespace

int64_t LlamaWeights::Bytes() const {
  int64_t bytes = BytesOf({token_embedding, output_norm, rope_factors});
  if (!output.is_same(token_embedding)) bytes += BytesOf({output});
  for (const LlamaLayer& layer : layers) {
    bytes +=
        BytesOf({layer.attention_norm, layer.qkv, layer.qkv_bias, layer.attention_output,
                 layer.attention_output_bias, layer.feed_forward_norm, layer.gate_up, layer.down});
  }
  return bytes;
}

absl::StatusOr<LlamaWeights> LoadLlamaWeights(const LlamaConfig& config, WeightLoader& loader,
                                              const at::TensorOptions& options) {
  Builder builder(config, loader, options);
  LlamaWeights weights;
  weights.token_embedding = builder.Load("token_embd.weight", {config.vocab, config.hidden});
  for (int64_t i = 0; i < config.layers && builder.status().ok(); ++i) {
    weights.layers.push_back(builder.Layer(i));
  }
  if (!builder.status().ok()) return builder.status();
  weights.output_norm = builder.Load("output_norm.weight", {config.hidden});
  weights.output = builder.LoadIfPresent("output.weight", {config.vocab, config.hidden}, options);
  if (!weights.output.defined()) weights.output = weights.token_embedding;
  weights.rope_factors =
      builder.LoadIfPresent("rope_freqs.weight", {config.rope_dim / 2}, at::kFloat);
  if (!builder.status().ok()) return builder.status();
  if (absl::Status all = loader.CheckAllRead(); !all.ok()) return all;
  return weights;
}

}  // namespace assay::engine
