// GPT-NeoX (arXiv:2204.06745) and Pythia (arXiv:2304.01373).
#include "engine/architectures/common.h"
#include "engine/architectures/known_architectures.h"

namespace assay::engine {
namespace {

void DescribeGptNeoX(ConfigReader& read, ModelSpec& spec) {
  DescribeSizes(
      read, spec,
      {.vocab = 50432, .hidden = 6144, .layers = 44, .heads = 64, .context = 2048, .width = 24576});
  DescribeLayerNorm(read, spec, "layer_norm_eps");
  spec.parallel = read.BoolOr("use_parallel_residual", true);
  const bool bias = read.BoolOr("attention_bias", true);
  spec.attention.qkv_bias = bias;
  spec.attention.output_bias = bias;
  spec.feed_forward = {.width = spec.feed_forward.width,
                       .activation = ReadActivation(read, "hidden_act", "gelu"),
                       .gated = false,
                       .bias = true};
  spec.rope = ReadRope(
      read, spec, {.base_key = "rotary_emb_base", .fraction = 0.25, .fraction_key = "rotary_pct"});
  spec.context_length = ScaledContext(spec.rope, spec.context_length);
}

}  // namespace

Architecture GptNeoX() {
  return {.name = "gptneox",
          .model_types = {"gpt_neox"},
          .describe = DescribeGptNeoX,
          .names =
              {
                  {"token_embd", "embed_in"},
                  {"attn_norm", "layers.*.input_layernorm"},
                  {"attn_qkv", "layers.*.attention.query_key_value"},
                  {"attn_output", "layers.*.attention.dense"},
                  {"ffn_norm", "layers.*.post_attention_layernorm"},
                  {"ffn_up", "layers.*.mlp.dense_h_to_4h"},
                  {"ffn_down", "layers.*.mlp.dense_4h_to_h"},
                  {"output_norm", "final_layer_norm"},
                  {"output", "/embed_out"},
              },
          .prefixes = {"gpt_neox.", ""},
          .qkv_layout = QkvLayout::kPerGroup};
}

}  // namespace assay::engine
