// OPT (arXiv:2205.01068).
#include "engine/architectures/common.h"
#include "engine/architectures/gguf_keys.h"
#include "engine/architectures/known_architectures.h"

namespace assay::engine {
namespace {

// The number of rows in the position table before the row of position 0.
constexpr int64_t kPositionOffset = 2;

void DescribeOpt(ConfigReader& read, ModelSpec& spec) {
  DescribeSizes(read, spec,
                {.tied = true,
                 .vocab = 50272,
                 .hidden = 768,
                 .layers = 12,
                 .heads = 12,
                 .context = 2048,
                 .width = 3072,
                 .width_key = "ffn_dim"});
  // OPT has no key for the epsilon.
  DescribeLayerNorm(read, spec, kGgufNormEpsilon);
  spec.embedding = read.IntOr({"word_embed_proj_dim"}, ConfigReader::kMaxWidth, spec.hidden);
  spec.position = PositionKind::kLearned;
  spec.learned_offset = kPositionOffset;
  const bool bias = read.BoolOr("enable_bias", true);
  spec.attention.qkv_bias = bias;
  spec.attention.output_bias = bias;
  spec.feed_forward = {.width = spec.feed_forward.width,
                       .activation = ReadActivation(read, "activation_function", "relu"),
                       .gated = false,
                       .bias = bias};
  spec.norm_weight = read.BoolOr("layer_norm_elementwise_affine", true);
  spec.norm_bias = spec.norm_weight;
  const bool before = read.BoolOr("do_layer_norm_before", true);
  spec.norm_place = before ? NormPlace::kBefore : NormPlace::kAfter;
  spec.final_norm = before && !read.BoolOr("_remove_final_layer_norm", false);
}

}  // namespace

Architecture Opt() {
  return {.name = "opt",
          .model_types = {"opt"},
          .describe = DescribeOpt,
          .names =
              {
                  {"token_embd", "embed_tokens"},
                  {"position_embd", "embed_positions"},
                  {"project_in", "project_in"},
                  {"project_out", "project_out"},
                  {"attn_norm", "layers.*.self_attn_layer_norm"},
                  {"attn_q", "layers.*.self_attn.q_proj"},
                  {"attn_k", "layers.*.self_attn.k_proj"},
                  {"attn_v", "layers.*.self_attn.v_proj"},
                  {"attn_output", "layers.*.self_attn.out_proj"},
                  {"ffn_norm", "layers.*.final_layer_norm"},
                  {"ffn_up", "layers.*.fc1"},
                  {"ffn_down", "layers.*.fc2"},
                  {"output_norm", "final_layer_norm"},
                  {"output", "/lm_head"},
              },
          .prefixes = {"model.decoder.", "decoder."},
          .in_gguf = false};
}

}  // namespace assay::engine
