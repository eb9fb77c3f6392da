// Phi-1.5 and Phi-2 (arXiv:2309.05463), Phi-3 and 3.5, Phi-4-mini (arXiv:2404.14219).
#include <cstddef>
#include <vector>

#include "engine/architectures/common.h"
#include "engine/architectures/known_architectures.h"

namespace assay::engine {
namespace {

void DescribePhi2(ConfigReader& read, ModelSpec& spec) {
  DescribeSizes(
      read, spec,
      {.vocab = 51200, .hidden = 2048, .layers = 24, .heads = 32, .context = 2048, .width = 8192});
  DescribeLayerNorm(read, spec, "layer_norm_eps");
  spec.parallel = true;
  spec.shared_norm = true;
  spec.attention.qkv_bias = true;
  spec.attention.output_bias = true;
  spec.attention.qk_norm = read.BoolOr("qk_layernorm", false) ? QkNorm::kShared : QkNorm::kNone;
  spec.feed_forward = {.width = spec.feed_forward.width,
                       .activation = ReadActivation(read, "hidden_act", "gelu_new"),
                       .gated = false,
                       .bias = true};
  spec.output_bias = true;
  spec.rope = ReadRope(read, spec, {.fraction = 0.5});
  spec.context_length = ScaledContext(spec.rope, spec.context_length);
}

void DescribePhi3(ConfigReader& read, ModelSpec& spec) {
  constexpr int64_t kContext = 4096;
  constexpr double kEpsilon = 1e-5;
  DescribeLlamaLike(read, spec,
                    {.vocab = 32064,
                     .hidden = 3072,
                     .layers = 32,
                     .heads = 32,
                     .context = kContext,
                     .width = 8192},
                    {.norm_epsilon = kEpsilon,
                     .rope = RopeDefaults{
                         .fraction = 1.0, .original_context = kContext, .yarn_is_longrope = true}});
  if (!read.Has("sliding_window")) return;
  ReadWindowSize(read, spec, /*default_window=*/0, AllLayers(spec));
}

}  // namespace

Architecture Phi2() {
  return {.name = "phi2",
          .model_types = {"phi"},
          .describe = DescribePhi2,
          .names = {
              {"token_embd", "embed_tokens"},
              {"attn_norm", "layers.*.input_layernorm"},
              {"attn_q", "layers.*.self_attn.q_proj"},
              {"attn_k", "layers.*.self_attn.k_proj"},
              {"attn_v", "layers.*.self_attn.v_proj"},
              {"attn_q_norm", "layers.*.self_attn.q_layernorm"},
              {"attn_k_norm", "layers.*.self_attn.k_layernorm"},
              {"attn_output", "layers.*.self_attn.dense"},
              {"ffn_up", "layers.*.mlp.fc1"},
              {"ffn_down", "layers.*.mlp.fc2"},
              {"output_norm", "final_layernorm"},
              {"output", "/lm_head"},
          }};
}

Architecture Phi3() {
  return {.name = "phi3",
          .model_types = {"phi3"},
          .describe = DescribePhi3,
          .names =
              {
                  {"token_embd", "embed_tokens"},
                  {"attn_norm", "layers.*.input_layernorm"},
                  {"attn_qkv", "layers.*.self_attn.qkv_proj"},
                  {"attn_output", "layers.*.self_attn.o_proj"},
                  {"ffn_norm", "layers.*.post_attention_layernorm"},
                  {"ffn_gate_up", "layers.*.mlp.gate_up_proj"},
                  {"ffn_down", "layers.*.mlp.down_proj"},
                  {"output_norm", "norm"},
                  {"output", "/lm_head"},
              },
          .gguf_names = {{"ffn_gate_up", "ffn_up"}}};
}

}  // namespace assay::engine
