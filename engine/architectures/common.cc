// Reads the hyperparameters that many architectures share.
#include "engine/architectures/common.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/architectures/gguf_keys.h"

namespace assay::engine {

void DescribeSizes(ConfigReader& read, ModelSpec& spec, const SizeDefaults& defaults) {
  using Reader = ConfigReader;
  spec.layers = read.IntOr({"num_hidden_layers", "n_layer", "num_layers"}, Reader::kMaxLayers,
                           defaults.layers);
  spec.hidden =
      read.IntOr({"n_embed", "hidden_size", "n_embd"}, Reader::kMaxWidth, defaults.hidden);
  spec.embedding = spec.hidden;
  spec.vocab = read.IntOr({"vocab_size"}, Reader::kMaxVocabulary, defaults.vocab);
  spec.context_length =
      read.IntOr({"max_position_embeddings", "n_positions"}, Reader::kMaxContext, defaults.context);
  AttentionSpec& attention = spec.attention;
  attention.heads =
      read.IntOr({"num_attention_heads", "n_head", "num_heads"}, Reader::kMaxHeads, defaults.heads);
  const bool as_heads = defaults.kv_heads == 0 || read.IsNull("num_key_value_heads");
  attention.kv_heads = read.IntOr({"num_key_value_heads"}, Reader::kMaxHeads,
                                  as_heads ? attention.heads : defaults.kv_heads);
  if (attention.heads % attention.kv_heads != 0) {
    read.Fail(absl::StrCat(attention.heads, " heads do not divide among ", attention.kv_heads,
                           " KV heads; check num_attention_heads and num_key_value_heads"));
  }
  const bool divided = defaults.head_dim == 0 && !read.Has("head_dim");
  if (divided && spec.hidden % attention.heads != 0) {
    read.Fail(absl::StrCat("the hidden size ", spec.hidden, " does not divide among ",
                           attention.heads, " heads"));
  }
  attention.head_dim = read.IntOr({"head_dim"}, Reader::kMaxWidth,
                                  divided ? std::max<int64_t>(1, spec.hidden / attention.heads)
                                          : std::max<int64_t>(1, defaults.head_dim));
  attention.scale = 1.0 / std::sqrt(static_cast<double>(attention.head_dim));
  spec.feed_forward.width = read.IntOr({kGgufWidth, defaults.width_key}, Reader::kMaxWidth,
                                       defaults.width == 0 ? 4 * spec.hidden : defaults.width);
  spec.tied_embeddings = read.BoolOr("tie_word_embeddings", defaults.tied);
}

void DescribeLayerNorm(ConfigReader& read, ModelSpec& spec, const char* key) {
  spec.norm = NormKind::kLayer;
  spec.norm_bias = true;
  spec.norm_epsilon = read.FloatOr({kGgufNormEpsilon, key}, 0.0, 1.0, 1e-5);
}

void DescribeLlamaLike(ConfigReader& read, ModelSpec& spec, const SizeDefaults& defaults,
                       const LlamaLikeOptions& options) {
  DescribeSizes(read, spec, defaults);
  spec.norm_epsilon =
      read.FloatOr({kGgufNormEpsilon, "rms_norm_eps"}, 0.0, 1.0, options.norm_epsilon);
  spec.feed_forward.activation = ReadActivation(read, options.activation_key, options.activation);
  if (options.mlp_bias_key) spec.feed_forward.bias = read.BoolOr("mlp_bias", false);
  if (options.attention_bias_key) {
    spec.attention.qkv_bias = read.BoolOr("attention_bias", false);
    spec.attention.output_bias = read.BoolOr(kGgufOutputBias, spec.attention.qkv_bias);
  }
  if (!options.rope.has_value()) return;
  spec.rope = ReadRope(read, spec, *options.rope);
  spec.context_length = ScaledContext(spec.rope, spec.context_length);
}

Activation ReadActivation(ConfigReader& read, const char* key, const std::string& fallback) {
  const std::string name = read.StringOr({key}, fallback);
  if (name == "silu" || name == "swish") return Activation::kSilu;
  if (name == "gelu") return Activation::kGelu;
  if (name == "relu") return Activation::kRelu;
  if (name == "gelu_new" || name == "gelu_fast" || name == "gelu_pytorch_tanh") {
    return Activation::kGeluTanh;
  }
  read.Unsupported(absl::StrCat("the activation \"", name,
                                "\" is not supported; the supported ones are silu, gelu, gelu_new, "
                                "gelu_fast, gelu_pytorch_tanh and relu"));
  return Activation::kSilu;
}

void ReadWindow(ConfigReader& read, ModelSpec& spec, int64_t default_window,
                const std::vector<bool>& fallback) {
  const auto layers = static_cast<size_t>(spec.layers);
  std::vector<bool> windowed = fallback;
  const std::vector<std::string> types = read.StringsOrEmpty("layer_types", layers);
  if (!types.empty()) {
    windowed.assign(layers, false);
    for (size_t i = 0; i < types.size(); ++i) {
      windowed[i] = types[i] == "sliding_attention";
      if (windowed[i] || types[i] == "full_attention") continue;
      read.Unsupported(
          absl::StrCat("layer_types[", i, "] is \"", types[i],
                       "\"; the supported types are full_attention and sliding_attention"));
    }
    if (types.size() != layers) {
      read.Fail(absl::StrCat("layer_types has ", types.size(), " entries for ", layers, " layers"));
    }
  }
  ReadWindowSize(read, spec, default_window, std::move(windowed));
}

void ReadWindowSize(ConfigReader& read, ModelSpec& spec, int64_t default_window,
                    std::vector<bool> windowed) {
  // A null disables the window.
  if (read.IsNull("sliding_window")) return;
  if (std::none_of(windowed.begin(), windowed.end(), [](bool is) { return is; })) return;
  spec.attention.window = read.IntOr({"sliding_window"}, ConfigReader::kMaxContext, default_window);
  spec.attention.windowed_layers = std::move(windowed);
  if (spec.attention.window > 0) return;
  spec.attention.windowed_layers.clear();
}

std::vector<TensorName> LlamaNames() {
  return {
      {"token_embd", "embed_tokens"},
      {"attn_norm", "layers.*.input_layernorm"},
      {"attn_q", "layers.*.self_attn.q_proj"},
      {"attn_k", "layers.*.self_attn.k_proj"},
      {"attn_v", "layers.*.self_attn.v_proj"},
      {"attn_output", "layers.*.self_attn.o_proj"},
      {"ffn_norm", "layers.*.post_attention_layernorm"},
      {"ffn_gate", "layers.*.mlp.gate_proj"},
      {"ffn_up", "layers.*.mlp.up_proj"},
      {"ffn_down", "layers.*.mlp.down_proj"},
      {"output_norm", "norm"},
      {"output", "/lm_head"},
  };
}

}  // namespace assay::engine
