// StableLM 3B, 2 1.6B and 2 12B (arXiv:2402.17834).
#include <utility>
#include <vector>

#include "engine/architectures/common.h"
#include "engine/architectures/known_architectures.h"

namespace assay::engine {
namespace {

void DescribeStableLm(ConfigReader& read, ModelSpec& spec) {
  DescribeSizes(read, spec,
                {.vocab = 50304,
                 .hidden = 2560,
                 .layers = 32,
                 .heads = 32,
                 .kv_heads = 32,
                 .context = 4096,
                 .width = 6912});
  DescribeLayerNorm(read, spec, "layer_norm_eps");
  spec.parallel = read.BoolOr("use_parallel_residual", false);
  spec.shared_norm = spec.parallel;
  spec.attention.qkv_bias = read.BoolOr("use_qkv_bias", false);
  spec.attention.qk_norm = read.BoolOr("qk_layernorm", false) ? QkNorm::kPerHead : QkNorm::kNone;
  spec.feed_forward.activation = ReadActivation(read, "hidden_act", "silu");
  spec.rope = ReadRope(read, spec, {.fraction = 0.25});
  spec.context_length = ScaledContext(spec.rope, spec.context_length);
}

}  // namespace

Architecture StableLm() {
  std::vector<TensorName> names = LlamaNames();
  names.push_back({"attn_q_norm", "layers.*.self_attn.q_layernorm.norms.#"});
  names.push_back({"attn_k_norm", "layers.*.self_attn.k_layernorm.norms.#"});
  return {.name = "stablelm",
          .model_types = {"stablelm", "stablelm_epoch"},
          .describe = DescribeStableLm,
          .names = std::move(names)};
}

}  // namespace assay::engine
