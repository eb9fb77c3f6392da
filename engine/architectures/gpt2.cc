// GPT-2, DistilGPT-2, DialoGPT
// (https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf).
#include "engine/architectures/common.h"
#include "engine/architectures/known_architectures.h"

namespace assay::engine {
namespace {

void DescribeGpt2(ConfigReader& read, ModelSpec& spec) {
  DescribeSizes(read, spec,
                {.tied = true,
                 .vocab = 50257,
                 .hidden = 768,
                 .layers = 12,
                 .heads = 12,
                 .context = 1024,
                 .width_key = "n_inner"});
  DescribeLayerNorm(read, spec, "layer_norm_epsilon");
  spec.position = PositionKind::kLearned;
  spec.attention.qkv_bias = true;
  spec.attention.output_bias = true;
  if (!read.BoolOr("scale_attn_weights", true)) spec.attention.scale = 1.0;
  spec.attention.scale_by_inverse_layer = read.BoolOr("scale_attn_by_inverse_layer_idx", false);
  spec.feed_forward = {.width = spec.feed_forward.width,
                       .activation = ReadActivation(read, "activation_function", "gelu_new"),
                       .gated = false,
                       .bias = true};
}

}  // namespace

Architecture Gpt2() {
  return {.name = "gpt2",
          .model_types = {"gpt2"},
          .describe = DescribeGpt2,
          .names =
              {
                  {"token_embd", "wte"},
                  {"position_embd", "wpe"},
                  {"attn_norm", "h.*.ln_1"},
                  {"attn_qkv", "h.*.attn.c_attn"},
                  {"attn_output", "h.*.attn.c_proj"},
                  {"ffn_norm", "h.*.ln_2"},
                  {"ffn_up", "h.*.mlp.c_fc"},
                  {"ffn_down", "h.*.mlp.c_proj"},
                  {"output_norm", "ln_f"},
                  {"output", "/lm_head"},
              },
          .prefixes = {"transformer.", ""},
          .transposed = true};
}

}  // namespace assay::engine
