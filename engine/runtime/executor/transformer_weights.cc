// The weights of a decoder-only transformer.
#include "engine/runtime/executor/transformer_weights.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/architectures/config_reader.h"
#include "engine/architectures/tensor_names.h"
#include "engine/runtime/executor/linear_product.h"
#include "engine/runtime/executor/torch_status.h"

namespace assay::engine {
namespace {

constexpr char kWeight[] = ".weight";
constexpr char kBias[] = ".bias";

// Returns the row in a GGUF file of Llama for each row of the heads: a pair that is rotated
// together, (i, i + half), is stored as neighbors (2i, 2i + 1). Rows beyond the rotated ones stay.
std::vector<int64_t> HalvesFromNeighbors(int64_t heads, const ModelSpec& spec) {
  const int64_t head_dim = spec.attention.head_dim;
  const int64_t half = spec.rope.dim / 2;
  std::vector<int64_t> order;
  order.reserve(static_cast<size_t>(heads * head_dim));
  for (int64_t head = 0; head < heads; ++head) {
    const int64_t start = head * head_dim;
    for (int64_t i = 0; i < half; ++i) order.push_back(start + 2 * i);
    for (int64_t i = 0; i < half; ++i) order.push_back(start + 2 * i + 1);
    for (int64_t i = spec.rope.dim; i < head_dim; ++i) order.push_back(start + i);
  }
  return order;
}

// Returns the row in a projection that is stored by groups for each row of all queries, then all
// keys, then all values.
std::vector<int64_t> StackedFromGroups(const AttentionSpec& spec) {
  const int64_t group = spec.heads / spec.kv_heads;
  std::vector<int64_t> order;
  order.reserve(static_cast<size_t>((spec.heads + 2 * spec.kv_heads) * spec.head_dim));
  const auto append = [&](int64_t block) {
    for (int64_t i = 0; i < spec.head_dim; ++i) order.push_back(block * spec.head_dim + i);
  };
  for (int64_t head = 0; head < spec.heads; ++head) {
    append(head / group * (group + 2) + head % group);
  }
  for (int64_t kv = 0; kv < spec.kv_heads; ++kv) append(kv * (group + 2) + group);
  for (int64_t kv = 0; kv < spec.kv_heads; ++kv) append(kv * (group + 2) + group + 1);
  return order;
}

// Loads tensors and keeps the first error.
class Builder {
 public:
  Builder(const ModelFiles& files, WeightLoader& loader, const at::TensorOptions& options,
          const WeightChoice& choice)
      : files_(files),
        spec_(files.spec),
        names_(files),
        loader_(loader),
        options_(options),
        vectors_(choice.packed ? options.dtype(at::kFloat) : options),
        choice_(choice),
        transposed_(files.architecture->transposed && files.gguf == nullptr) {
    // The shapes are not checked against the file yet: a wrong one must not allocate much.
    const int64_t rows = spec_.query_rows() + 2 * spec_.kv_rows();
    if (loader.only_checks() && rows > ConfigReader::kMaxWidth) return;
    if (files.gguf != nullptr && files.architecture->gguf_neighbor_rope) {
      query_order_ = HalvesFromNeighbors(spec_.attention.heads, spec_);
      key_order_ = HalvesFromNeighbors(spec_.attention.kv_heads, spec_);
    }
    if (files.gguf == nullptr && files.architecture->qkv_layout == QkvLayout::kPerGroup) {
      fused_order_ = StackedFromGroups(spec_.attention);
    }
  }

  absl::StatusOr<TransformerWeights> Build() {
    TransformerWeights weights;
    weights.token_embedding = Matrix({{EmbeddingName(), spec_.vocab}}, spec_.embedding, {});
    if (spec_.embedding_norm) weights.embedding_norm = Norm("token_embd_norm", -1);
    if (spec_.position == PositionKind::kLearned) {
      weights.position_embedding =
          Tensor("position_embd", kWeight, -1,
                 {spec_.context_length + spec_.learned_offset, spec_.hidden});
      if (spec_.token_types > 0) AddTokenType(weights.position_embedding);
    }
    if (spec_.embedding != spec_.hidden) {
      weights.project_in = Linear("project_in", -1, spec_.hidden, spec_.embedding, false);
      weights.project_out = Linear("project_out", -1, spec_.embedding, spec_.hidden, false);
    }
    for (int64_t i = 0; i < spec_.layers && status_.ok(); ++i) weights.layers.push_back(Layer(i));
    if (spec_.final_norm) weights.output_norm = Norm("output_norm", -1);
    if (!spec_.encoder) weights.output = Output();
    SkipUnused();
    const bool rotary = spec_.position == PositionKind::kRotary;
    if (rotary && files_.gguf != nullptr && loader_.Has("rope_freqs.weight")) {
      weights.rope_factors = Allocate({spec_.rope.dim / 2}, at::kFloat);
      Read("rope_freqs.weight", weights.rope_factors, {});
    }
    if (status_.ok()) status_ = loader_.CheckAllRead();
    if (!status_.ok()) {
      const TimeSliceLock turn(loader_.turns());
      weights = TransformerWeights();
      return status_;
    }
    weights.bytes = bytes_;
    return weights;
  }

 private:
  LayerWeights Layer(int64_t i) {
    const int64_t hidden = spec_.hidden;
    LayerWeights layer;
    layer.attention_norm = Norm("attn_norm", i);
    layer.qkv = Qkv(i);
    if (spec_.attention.qk_norm != QkNorm::kNone) {
      layer.query_norm = HeadNorm("attn_q_norm", i, spec_.attention.heads);
      layer.key_norm = HeadNorm("attn_k_norm", i, spec_.attention.kv_heads);
    }
    layer.attention_output =
        Linear("attn_output", i, hidden, spec_.query_rows(), spec_.attention.output_bias);
    if (!spec_.shared_norm) layer.feed_forward_norm = Norm("ffn_norm", i);
    layer.up = Up(i);
    layer.down = Linear("ffn_down", i, hidden, spec_.feed_forward.width, spec_.feed_forward.bias);
    if (spec_.norm_place == NormPlace::kBeforeAndAfter) {
      layer.attention_post_norm = Norm("post_attention_norm", i);
      layer.feed_forward_post_norm = Norm("post_ffw_norm", i);
    }
    return layer;
  }

  // The rows of a matrix that are one tensor in the files.
  struct Part {
    std::string name;
    int64_t rows;
    absl::Span<const int64_t> row_order = {};
  };
  struct MatrixOptions {
    bool transposed = false;
    // True for matrices that are quantized if WeightChoice::bits says so.
    bool in_layer = false;
  };

  LinearWeights Matrix(const std::vector<Part>& parts, int64_t columns,
                       const MatrixOptions& options) {
    LinearWeights linear;
    if (choice_.packed) {
      for (const Part& part : parts) Pack(part, columns, options, &linear.packed);
      return linear;
    }
    int64_t rows = 0;
    for (const Part& part : parts) rows += part.rows;
    linear.weight = Allocate({rows, columns}, options_);
    int64_t row = 0;
    for (const Part& part : parts) {
      Read(part.name, Rows(linear.weight, row, part.rows),
           {.row_order = part.row_order, .transposed = options.transposed});
      row += part.rows;
    }
    return options.in_layer ? Quantized(std::move(linear)) : std::move(linear);
  }

  LinearWeights Quantized(LinearWeights linear) {
    const WeightBits bits = choice_.bits;
    if (!status_.ok() || bits == WeightBits::kAsStored || bits == WeightBits::kFull) return linear;
    if (!QuantizedMatrix::Supports(linear.weight.size(1), bits)) return linear;
    const TimeSliceLock turn(loader_.turns());
    linear.quantized.emplace(linear.weight, bits);
    bytes_ += linear.quantized->Bytes() - static_cast<int64_t>(linear.weight.nbytes());
    linear.weight = at::Tensor();
    return linear;
  }

  void Pack(const Part& part, int64_t columns, const MatrixOptions& options,
            std::vector<PackedMatrix>* out) {
    if (!status_.ok()) return;
    const WeightBits bits = options.in_layer || choice_.bits == WeightBits::kFull
                                ? choice_.bits
                                : WeightBits::kAsStored;
    absl::StatusOr<PackedMatrix> matrix =
        loader_.ReadPacked(part.name, part.rows, columns,
                           {.row_order = part.row_order, .transposed = options.transposed},
                           {.bits = bits, .full = choice_.full});
    if (!matrix.ok()) {
      status_ = matrix.status();
      return;
    }
    bytes_ += matrix->Bytes();
    out->push_back(*std::move(matrix));
  }

  // A checkpoint with tied embeddings may have the output alone.
  std::string EmbeddingName() const {
    std::string name = names_.Of("token_embd", kWeight);
    if (loader_.Has(name) || !spec_.tied_embeddings) return name;
    std::string output = names_.Of("output", kWeight);
    return loader_.Has(output) ? output : name;
  }

  // Adds the embedding of type 0, which all tokens have, to the embeddings of the positions.
  void AddTokenType(at::Tensor& positions) {
    const int64_t before = bytes_;
    const at::Tensor types = Tensor("token_types", kWeight, -1, {spec_.token_types, spec_.hidden});
    bytes_ = before;
    if (!status_.ok()) return;
    const TimeSliceLock turn(loader_.turns());
    positions.add_(types.select(0, 0));
  }

  void SkipUnused() {
    for (const char* prefix : files_.architecture->unused_prefixes) loader_.SkipPrefix(prefix);
  }

  LinearWeights Output() {
    const std::string name = names_.Of("output", kWeight);
    LinearWeights output;
    if (spec_.tied_embeddings) {
      loader_.Skip(name);
    } else {
      output = Matrix({{name, spec_.vocab}}, spec_.embedding, {});
    }
    if (spec_.output_bias) output.bias = Tensor("output", kBias, -1, {spec_.vocab});
    return output;
  }

  LinearWeights Qkv(int64_t layer) {
    const int64_t queries = spec_.query_rows();
    const int64_t keys = spec_.kv_rows();
    const std::string fused = names_.Of("attn_qkv", kWeight, layer);
    LinearWeights qkv;
    if (IsFused(fused, names_.Of("attn_q", kWeight, layer))) {
      qkv = Matrix({{fused, queries + 2 * keys, fused_order_}}, spec_.hidden,
                   {.transposed = transposed_, .in_layer = true});
    } else {
      qkv = Matrix({{names_.Of("attn_q", kWeight, layer), queries, query_order_},
                    {names_.Of("attn_k", kWeight, layer), keys, key_order_},
                    {names_.Of("attn_v", kWeight, layer), keys}},
                   spec_.hidden, {.in_layer = true});
    }
    if (!spec_.attention.qkv_bias) return qkv;
    qkv.bias = Allocate({queries + 2 * keys}, vectors_);
    const std::string fused_bias = names_.Of("attn_qkv", kBias, layer);
    if (IsFused(fused_bias, names_.Of("attn_q", kBias, layer))) {
      Read(fused_bias, qkv.bias, {.row_order = fused_order_});
      return qkv;
    }
    Read(names_.Of("attn_q", kBias, layer), Rows(qkv.bias, 0, queries),
         {.row_order = query_order_});
    Read(names_.Of("attn_k", kBias, layer), Rows(qkv.bias, queries, keys),
         {.row_order = key_order_});
    Read(names_.Of("attn_v", kBias, layer), Rows(qkv.bias, queries + keys, keys), {});
    return qkv;
  }

  // Returns true if the parts are fused into one tensor.
  bool IsFused(const std::string& fused, const std::string& first_part) const {
    return first_part.empty() || (!fused.empty() && loader_.Has(fused));
  }

  LinearWeights Up(int64_t layer) {
    const FeedForwardSpec& spec = spec_.feed_forward;
    if (!spec.gated) return Linear("ffn_up", layer, spec.width, spec_.hidden, spec.bias);
    const std::string fused = names_.Of("ffn_gate_up", kWeight, layer);
    const bool is_fused = IsFused(fused, names_.Of("ffn_gate", kWeight, layer));
    LinearWeights up =
        Matrix(is_fused ? std::vector<Part>{{fused, 2 * spec.width}}
                        : std::vector<Part>{{names_.Of("ffn_gate", kWeight, layer), spec.width},
                                            {names_.Of("ffn_up", kWeight, layer), spec.width}},
               spec_.hidden, {.in_layer = true});
    if (!spec.bias) return up;
    up.bias = Allocate({2 * spec.width}, vectors_);
    const std::string fused_bias = names_.Of("ffn_gate_up", kBias, layer);
    if (IsFused(fused_bias, names_.Of("ffn_gate", kBias, layer))) {
      Read(fused_bias, up.bias, {});
      return up;
    }
    Read(names_.Of("ffn_gate", kBias, layer), Rows(up.bias, 0, spec.width), {});
    Read(names_.Of("ffn_up", kBias, layer), Rows(up.bias, spec.width, spec.width), {});
    return up;
  }

  LinearWeights Linear(const char* role, int64_t layer, int64_t out, int64_t in, bool bias) {
    LinearWeights linear = Matrix({{names_.Of(role, kWeight, layer), out}}, in,
                                  {.transposed = transposed_, .in_layer = layer >= 0});
    if (bias) linear.bias = Tensor(role, kBias, layer, {out});
    return linear;
  }

  NormWeights Norm(const char* role, int64_t layer) {
    NormWeights norm;
    if (spec_.norm_weight) {
      norm.weight = Tensor(role, kWeight, layer, {spec_.hidden});
      Shift(norm.weight);
    }
    if (spec_.norm_bias) norm.bias = Tensor(role, kBias, layer, {spec_.hidden});
    return norm;
  }

  NormWeights HeadNorm(const char* role, int64_t layer, int64_t heads) {
    const int64_t head_dim = spec_.attention.head_dim;
    NormWeights norm;
    if (spec_.attention.qk_norm == QkNorm::kShared) {
      norm.weight = Tensor(role, kWeight, layer, {head_dim});
      const std::string bias = names_.Of(role, kBias, layer);
      if (loader_.Has(bias)) norm.bias = Tensor(role, kBias, layer, {head_dim});
    } else if (loader_.Has(names_.Of(role, kWeight, layer))) {
      norm.weight = Tensor(role, kWeight, layer, {heads, head_dim});
    } else {
      norm.weight = Allocate({heads, head_dim}, vectors_);
      for (int64_t h = 0; h < heads; ++h) {
        Read(names_.OfHead(role, kWeight, layer, h), Row(norm.weight, h), {});
      }
    }
    Shift(norm.weight);
    return norm;
  }

  void Shift(at::Tensor& weight) {
    if (!status_.ok() || spec_.norm_weight_offset == 0.0) return;
    const TimeSliceLock turn(loader_.turns());
    weight.add_(spec_.norm_weight_offset);
  }

  at::Tensor Row(const at::Tensor& tensor, int64_t row) {
    const TimeSliceLock turn(loader_.turns());
    return tensor.select(0, row);
  }

  at::Tensor Rows(const at::Tensor& tensor, int64_t begin, int64_t count) {
    const TimeSliceLock turn(loader_.turns());
    return tensor.narrow(0, begin, count);
  }

  at::Tensor Tensor(const char* role, const char* suffix, int64_t layer, at::IntArrayRef shape) {
    if (!status_.ok()) return {};
    at::Tensor tensor = Allocate(shape, vectors_);
    Read(names_.Of(role, suffix, layer), tensor, {});
    return tensor;
  }

  at::Tensor Allocate(at::IntArrayRef shape, const at::TensorOptions& options) {
    const TimeSliceLock turn(loader_.turns());
    at::Tensor tensor = at::empty(shape, options);
    bytes_ += static_cast<int64_t>(tensor.nbytes());
    return tensor;
  }

  void Read(const std::string& name, const at::Tensor& out, const WeightLoader::Layout& layout) {
    if (status_.ok()) status_ = loader_.Read(name, out, layout);
  }

  const ModelFiles& files_;
  const ModelSpec& spec_;
  TensorNames names_;
  WeightLoader& loader_;
  at::TensorOptions options_;
  // The options of norms, biases and learned positions.
  at::TensorOptions vectors_;
  WeightChoice choice_;
  bool transposed_;
  std::vector<int64_t> query_order_;
  std::vector<int64_t> key_order_;
  std::vector<int64_t> fused_order_;
  int64_t bytes_ = 0;
  absl::Status status_;
};

}  // namespace

absl::Status CheckTransformerWeights(const ModelFiles& files) {
  return CatchTorch("checking a model's tensors", [&]() -> absl::Status {
    const c10::InferenceMode inference;
    WeightLoader checker(*files.tensors, /*pool=*/nullptr, /*turns=*/nullptr, {});
    // Meta tensors have no memory.
    const at::TensorOptions options = at::TensorOptions().dtype(at::kFloat).device(at::kMeta);
    return Builder(files, checker, options, {}).Build().status();
  });
}

at::Tensor LinearWeights::operator()(const at::Tensor& input, const DeviceQuirks& quirks) const {
  if (!quantized.has_value()) return LinearProduct(input, weight, bias, quirks);
  const at::Tensor product = quantized->Multiply(input);
  return bias.defined() ? product + bias : product;
}

absl::StatusOr<TransformerWeights> LoadTransformerWeights(const ModelFiles& files,
                                                          WeightLoader& loader,
                                                          const at::TensorOptions& options,
                                                          const WeightChoice& choice) {
  return Builder(files, loader, options, choice).Build();
}

}  // namespace assay::engine
