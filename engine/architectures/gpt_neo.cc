// GPT-Neo (https://doi.org/10.5281/zenodo.5297715).
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/architectures/common.h"
#include "engine/architectures/known_architectures.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

// The attention_types of a configuration without them.
constexpr char kAttentionTypes[] = R"([[["global", "local"], 12]])";

// Returns which layers are local. attention_types is a list such as [[["global", "local"], 12]],
// which repeats the pair twelve times. Returns an empty list if it has another form.
std::vector<bool> LocalLayers(const Json& types, int64_t layers) {
  std::vector<bool> local;
  if (!types.is_array()) return {};
  for (const Json& part : types) {
    // Repeating an empty list takes time but adds no layer.
    if (!part.is_array() || part.size() != 2 || !part[0].is_array() || part[0].empty() ||
        !part[1].is_number_unsigned() || part[1].get<uint64_t>() > ConfigReader::kMaxLayers) {
      return {};
    }
    for (uint64_t i = 0; i < part[1].get<uint64_t>(); ++i) {
      for (const Json& kind : part[0]) {
        if (kind != "local" && kind != "global") return {};
        local.push_back(kind == "local");
        if (local.size() > static_cast<size_t>(layers)) return {};
      }
    }
  }
  if (local.size() != static_cast<size_t>(layers)) return {};
  return local;
}

void DescribeGptNeo(ConfigReader& read, ModelSpec& spec) {
  DescribeSizes(
      read, spec,
      {.tied = true, .vocab = 50257, .hidden = 2048, .layers = 24, .heads = 16, .context = 2048});
  DescribeLayerNorm(read, spec, "layer_norm_epsilon");
  spec.position = PositionKind::kLearned;
  // GPT-Neo does not scale the attention scores.
  spec.attention.scale = 1.0;
  spec.attention.output_bias = true;
  spec.feed_forward = {.width = spec.feed_forward.width,
                       .activation = ReadActivation(read, "activation_function", "gelu_new"),
                       .gated = false,
                       .bias = true};
  spec.attention.window = read.IntOr({"window_size"}, ConfigReader::kMaxContext, 256);
  const Json types =
      read.Has("attention_types") ? read.json()["attention_types"] : Json::parse(kAttentionTypes);
  spec.attention.windowed_layers = LocalLayers(types, spec.layers);
  if (spec.attention.windowed_layers.empty()) {
    read.Fail(
        "attention_types is not a list of [[\"global\" or \"local\", ...], repeats] with one "
        "entry per layer");
  }
}

}  // namespace

Architecture GptNeo() {
  return {.name = "gpt-neo",
          .model_types = {"gpt_neo"},
          .describe = DescribeGptNeo,
          .names =
              {
                  {"token_embd", "wte"},
                  {"position_embd", "wpe"},
                  {"attn_norm", "h.*.ln_1"},
                  {"attn_q", "h.*.attn.attention.q_proj"},
                  {"attn_k", "h.*.attn.attention.k_proj"},
                  {"attn_v", "h.*.attn.attention.v_proj"},
                  {"attn_output", "h.*.attn.attention.out_proj"},
                  {"ffn_norm", "h.*.ln_2"},
                  {"ffn_up", "h.*.mlp.c_fc"},
                  {"ffn_down", "h.*.mlp.c_proj"},
                  {"output_norm", "ln_f"},
                  {"output", "/lm_head"},
              },
          .prefixes = {"transformer.", ""},
          .in_gguf = false};
}

}  // namespace assay::engine
