// Qwen 2 and 2.5 (arXiv:2407.10671), Qwen 3 (arXiv:2505.09388).
#include <cstddef>
#include <utility>
#include <vector>

#include "engine/architectures/common.h"
#include "engine/architectures/known_architectures.h"

namespace assay::engine {
namespace {

void DescribeWindow(ConfigReader& read, ModelSpec& spec) {
  if (!read.BoolOr("use_sliding_window", false)) return;
  const auto layers = static_cast<size_t>(spec.layers);
  constexpr int64_t kDefaultFull = 28;
  const auto first = static_cast<size_t>(
      read.IntOr({"max_window_layers"}, ConfigReader::kMaxLayers, kDefaultFull));
  std::vector<bool> windowed(layers, false);
  for (size_t i = first; i < layers; ++i) windowed[i] = true;
  ReadWindow(read, spec, /*default_window=*/4096, windowed);
}

SizeDefaults QwenSizes(int64_t head_dim) {
  return {.vocab = 151936,
          .hidden = 4096,
          .layers = 32,
          .heads = 32,
          .kv_heads = 32,
          .context = 32768,
          .width = 22016,
          .head_dim = head_dim};
}

void DescribeQwen2(ConfigReader& read, ModelSpec& spec) {
  DescribeLlamaLike(read, spec, QwenSizes(/*head_dim=*/0), {});
  spec.attention.qkv_bias = true;
  spec.attention.output_bias = false;
  DescribeWindow(read, spec);
}

void DescribeQwen3(ConfigReader& read, ModelSpec& spec) {
  DescribeLlamaLike(read, spec, QwenSizes(/*head_dim=*/128), {.attention_bias_key = true});
  spec.attention.qk_norm = QkNorm::kShared;
  DescribeWindow(read, spec);
}

}  // namespace

Architecture Qwen2() {
  return {
      .name = "qwen2", .model_types = {"qwen2"}, .describe = DescribeQwen2, .names = LlamaNames()};
}

Architecture Qwen3() {
  std::vector<TensorName> names = LlamaNames();
  names.push_back({"attn_q_norm", "layers.*.self_attn.q_norm"});
  names.push_back({"attn_k_norm", "layers.*.self_attn.k_norm"});
  return {.name = "qwen3",
          .model_types = {"qwen3"},
          .describe = DescribeQwen3,
          .names = std::move(names)};
}

}  // namespace assay::engine
