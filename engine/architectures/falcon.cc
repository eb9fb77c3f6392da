// Falcon 7B, 40B and RW (arXiv:2311.16867).
#include <cstdint>

#include "engine/architectures/common.h"
#include "engine/architectures/known_architectures.h"

namespace assay::engine {
namespace {

int64_t KvHeads(ConfigReader& read, const ModelSpec& spec, bool grouped) {
  const int64_t listed = read.IntOr({"num_key_value_heads", "num_kv_heads", "n_head_kv"},
                                    ConfigReader::kMaxHeads, spec.attention.heads);
  if (grouped) return listed;
  // multi_query means one KV head and overrides the other keys.
  return read.BoolOr("multi_query", true) ? 1 : spec.attention.heads;
}

void DescribeFalcon(ConfigReader& read, ModelSpec& spec) {
  DescribeSizes(read, spec,
                {.tied = true,
                 .vocab = 65024,
                 .hidden = 4544,
                 .layers = 32,
                 .heads = 71,
                 .context = 2048,
                 .width_key = "ffn_hidden_size"});
  DescribeLayerNorm(read, spec, "layer_norm_epsilon");
  const bool grouped = read.BoolOr("new_decoder_architecture", false);
  spec.attention.kv_heads = KvHeads(read, spec, grouped);
  if (spec.attention.heads % spec.attention.kv_heads != 0) {
    read.Fail("num_kv_heads does not divide the number of heads");
  }
  spec.parallel = grouped || read.BoolOr("parallel_attn", true);
  const int64_t norms = read.IntOr({"num_ln_in_parallel_attn"}, 2, grouped ? 2 : 1);
  spec.shared_norm = spec.parallel && norms == 1;
  const bool bias = read.BoolOr("bias", false);
  spec.attention.qkv_bias = bias;
  spec.attention.output_bias = bias;
  spec.feed_forward = {.width = spec.feed_forward.width,
                       .activation = ReadActivation(read, "activation", "gelu"),
                       .gated = false,
                       .bias = bias};
  if (read.BoolOr("alibi", false)) {
    spec.position = PositionKind::kAlibi;
    spec.attention.alibi_rounded_and_scaled = true;
    return;
  }
  spec.rope = ReadRope(read, spec, {});
  spec.context_length = ScaledContext(spec.rope, spec.context_length);
}

}  // namespace

Architecture Falcon() {
  return {.name = "falcon",
          .model_types = {"falcon", "RefinedWebModel", "RefinedWeb"},
          .describe = DescribeFalcon,
          .names =
              {
                  {"token_embd", "word_embeddings"},
                  // The 40B has two norms, the others have one. The first name in the file is used.
                  {"attn_norm", "h.*.ln_attn"},
                  {"attn_norm", "h.*.input_layernorm"},
                  {"attn_qkv", "h.*.self_attention.query_key_value"},
                  {"attn_output", "h.*.self_attention.dense"},
                  {"ffn_norm", "h.*.ln_mlp"},
                  {"ffn_norm", "h.*.post_attention_layernorm"},
                  {"ffn_up", "h.*.mlp.dense_h_to_4h"},
                  {"ffn_down", "h.*.mlp.dense_4h_to_h"},
                  {"output_norm", "ln_f"},
                  {"output", "/lm_head"},
              },
          .prefixes = {"transformer.", ""},
          .qkv_layout = QkvLayout::kPerGroup,
          // In GGUF files with two norms, attn_norm is the norm of the feed-forward.
          .gguf_names = {{"attn_norm", "attn_norm_2"}, {"ffn_norm", "attn_norm"}}};
}

}  // namespace assay::engine
