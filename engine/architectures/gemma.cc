// Gemma 2 (arXiv:2408.00118) and the text part of Gemma 3 (arXiv:2503.19786).
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "engine/architectures/common.h"
#include "engine/architectures/gguf_keys.h"
#include "engine/architectures/known_architectures.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

// The defaults of Gemma2Config and Gemma3TextConfig in transformers 5. Multimodal models have the
// sizes of the text model in a separate object, in which transformers omits the defaults.
constexpr int64_t kLayers = 26;
constexpr int64_t kHidden = 2304;
constexpr int64_t kWidth = 9216;
constexpr int64_t kHeads = 8;
constexpr int64_t kKvHeads = 4;
constexpr int64_t kHeadDim = 256;
constexpr double kQueryScalar = 256.0;
constexpr int64_t kWindow = 4096;

// Returns true for every layer except each `period`-th.
std::vector<bool> AllButEach(int64_t layers, int64_t period) {
  std::vector<bool> windowed(static_cast<size_t>(layers), true);
  for (int64_t i = period; i <= layers; i += period) windowed[static_cast<size_t>(i - 1)] = false;
  return windowed;
}

// Reads a soft cap. A null disables it, which is 0 here.
double Softcap(ConfigReader& read, const char* key, double fallback) {
  constexpr double kMax = 1e6;
  return read.IsNull(key) ? 0.0 : read.FloatOr({key}, 0.0, kMax, fallback);
}

void DescribeGemma(ConfigReader& read, ModelSpec& spec, int64_t vocab, int64_t context,
                   const std::optional<RopeDefaults>& rope) {
  DescribeLlamaLike(read, spec,
                    {.tied = true,
                     .vocab = vocab,
                     .hidden = kHidden,
                     .layers = kLayers,
                     .heads = kHeads,
                     .kv_heads = kKvHeads,
                     .context = context,
                     .width = kWidth,
                     .head_dim = kHeadDim},
                    {.attention_bias_key = true,
                     .activation_key = "hidden_activation",
                     .activation = "gelu_pytorch_tanh",
                     .rope = rope});
  if (read.BoolOr("use_bidirectional_attention", false)) {
    read.Unsupported(
        "use_bidirectional_attention is true; models that attend to later tokens (embeddings) are "
        "not supported");
  }
  spec.norm_place = NormPlace::kBeforeAndAfter;
  spec.norm_weight_offset = read.FloatOr({kGgufNormOffset}, -1.0, 2.0, 1.0);
  spec.embedding_scale = std::sqrt(static_cast<double>(spec.hidden));
  spec.overflows_float16 = true;
  const double scalar = read.FloatOr({"query_pre_attn_scalar"}, 0.0,
                                     static_cast<double>(ConfigReader::kMaxWidth), kQueryScalar);
  spec.attention.scale = 1.0 / std::sqrt(scalar);
}

void DescribeGemma2(ConfigReader& read, ModelSpec& spec) {
  DescribeGemma(read, spec, /*vocab=*/256000, /*context=*/8192, RopeDefaults());
  if (read.Has(kGgufWindowBase)) {
    spec.window_rope = spec.rope;
    spec.window_rope->base = read.Float({kGgufWindowBase}, 1.0, kMaxRopeBase);
  }
  spec.attention.softcap = Softcap(read, "attn_logit_softcapping", 50.0);
  spec.logit_softcap = Softcap(read, "final_logit_softcapping", 30.0);
  ReadWindow(read, spec, kWindow, AllButEach(spec.layers, 2));
}

// Layers with a sliding window have their own RoPE base. transformers 5 has an object for each kind
// of layers; keys of older configurations fill what these lack. It ignores other keys in
// rope_parameters.
void DescribeGemma3Rope(ConfigReader& read, ModelSpec& spec) {
  constexpr double kGlobalBase = 1e6;
  constexpr double kLocalBase = 1e4;
  ConfigReader parameters = read.Object("rope_parameters");
  ConfigReader older = read.Object("rope_scaling");
  // The default hides the older name of the key, "type".
  nlohmann::json merged = parameters.Has("full_attention")
                              ? parameters.Object("full_attention").json()
                              : nlohmann::json{{"rope_type", "default"}};
  merged.update(older.json());
  ConfigReader global = parameters.Of("full_attention", merged);
  ConfigReader local = parameters.Object("sliding_attention");
  spec.rope = ReadRopeOf(global, read, spec, {.base = kGlobalBase, .per_kind = true});
  spec.window_rope =
      ReadRopeOf(local, read, spec,
                 {.base = kLocalBase, .base_key = "rope_local_base_freq", .per_kind = true});
  read.Merge(older);
  read.Merge(parameters);
  read.Merge(global);
  read.Merge(local);
}

void DescribeGemma3(ConfigReader& read, ModelSpec& spec) {
  constexpr int64_t kContext = 131072;
  // The configuration contains the extended context length.
  DescribeGemma(read, spec, /*vocab=*/262208, kContext, std::nullopt);
  spec.attention.softcap = Softcap(read, "attn_logit_softcapping", 0.0);
  spec.logit_softcap = Softcap(read, "final_logit_softcapping", 0.0);
  spec.attention.qk_norm = QkNorm::kShared;
  const int64_t period =
      read.IntOr({"sliding_window_pattern"}, ConfigReader::kMaxLayers, /*fallback=*/6);
  ReadWindow(read, spec, kWindow, AllButEach(spec.layers, period));
  DescribeGemma3Rope(read, spec);
}

std::vector<TensorName> GemmaNames() {
  return {
      {"token_embd", "embed_tokens"},
      {"attn_norm", "layers.*.input_layernorm"},
      {"attn_q", "layers.*.self_attn.q_proj"},
      {"attn_k", "layers.*.self_attn.k_proj"},
      {"attn_v", "layers.*.self_attn.v_proj"},
      {"attn_output", "layers.*.self_attn.o_proj"},
      {"post_attention_norm", "layers.*.post_attention_layernorm"},
      {"ffn_norm", "layers.*.pre_feedforward_layernorm"},
      {"ffn_gate", "layers.*.mlp.gate_proj"},
      {"ffn_up", "layers.*.mlp.up_proj"},
      {"ffn_down", "layers.*.mlp.down_proj"},
      {"post_ffw_norm", "layers.*.post_feedforward_layernorm"},
      {"output_norm", "norm"},
      {"output", "/lm_head"},
  };
}

}  // namespace

Architecture Gemma2() {
  return {.name = "gemma2",
          .model_types = {"gemma2"},
          .describe = DescribeGemma2,
          .names = GemmaNames()};
}

Architecture Gemma3() {
  std::vector<TensorName> names = GemmaNames();
  names.push_back({"attn_q_norm", "layers.*.self_attn.q_norm"});
  names.push_back({"attn_k_norm", "layers.*.self_attn.k_norm"});
  return {.name = "gemma3",
          .model_types = {"gemma3_text", "gemma3"},
          .describe = DescribeGemma3,
          .names = std::move(names),
          .prefixes = {"model.", "language_model.model.", "model.language_model."}};
}

}  // namespace assay::engine
