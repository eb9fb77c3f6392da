// BLOOM (arXiv:2211.05100).
#include "engine/architectures/common.h"
#include "engine/architectures/gguf_keys.h"
#include "engine/architectures/known_architectures.h"

namespace assay::engine {
namespace {

// The context length of BLOOM's training. ALiBi has no limit, and configurations may omit it.
constexpr int64_t kTrainedContext = 2048;

void DescribeBloom(ConfigReader& read, ModelSpec& spec) {
  DescribeSizes(read, spec,
                {.tied = true,
                 .vocab = 250880,
                 .hidden = 64,
                 .layers = 2,
                 .heads = 8,
                 .context = read.IntOr({"seq_length"}, ConfigReader::kMaxContext, kTrainedContext),
                 .width_key = kGgufWidth});
  DescribeLayerNorm(read, spec, "layer_norm_epsilon");
  spec.position = PositionKind::kAlibi;
  spec.embedding_norm = true;
  spec.attention.qkv_bias = true;
  spec.attention.output_bias = true;
  spec.feed_forward = {.width = spec.feed_forward.width,
                       .activation = Activation::kGeluTanh,
                       .gated = false,
                       .bias = true};
  if (read.BoolOr("apply_residual_connection_post_layernorm", false)) {
    read.Unsupported("apply_residual_connection_post_layernorm is not supported");
  }
}

}  // namespace

Architecture Bloom() {
  return {.name = "bloom",
          .model_types = {"bloom"},
          .describe = DescribeBloom,
          .names =
              {
                  {"token_embd", "word_embeddings"},
                  {"token_embd_norm", "word_embeddings_layernorm"},
                  {"attn_norm", "h.*.input_layernorm"},
                  {"attn_qkv", "h.*.self_attention.query_key_value"},
                  {"attn_output", "h.*.self_attention.dense"},
                  {"ffn_norm", "h.*.post_attention_layernorm"},
                  {"ffn_up", "h.*.mlp.dense_h_to_4h"},
                  {"ffn_down", "h.*.mlp.dense_4h_to_h"},
                  {"output_norm", "ln_f"},
                  {"output", "/lm_head"},
              },
          .prefixes = {"transformer.", ""},
          .qkv_layout = QkvLayout::kPerGroup};
}

}  // namespace assay::engine
