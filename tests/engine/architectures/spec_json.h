// A ModelSpec as JSON, with the names of tests/golden/architectures/make_config_defaults.py.
#ifndef ASSAY_TESTS_ENGINE_ARCHITECTURES_SPEC_JSON_H_
#define ASSAY_TESTS_ENGINE_ARCHITECTURES_SPEC_JSON_H_

#include <string>

#include "engine/architectures/model_spec.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

inline std::string NameOf(RopeScaling scaling) {
  switch (scaling) {
    case RopeScaling::kNone:
      return "default";
    case RopeScaling::kLinear:
      return "linear";
    case RopeScaling::kDynamic:
      return "dynamic";
    case RopeScaling::kLlama3:
      return "llama3";
    case RopeScaling::kYarn:
      return "yarn";
    case RopeScaling::kLongRope:
      return "longrope";
  }
  return "";
}

inline std::string NameOf(Activation activation) {
  switch (activation) {
    case Activation::kSilu:
      return "silu";
    case Activation::kGelu:
      return "gelu";
    case Activation::kGeluTanh:
      return "gelu_tanh";
    case Activation::kRelu:
      return "relu";
  }
  return "";
}

inline nlohmann::json ToJson(const RopeSpec& rope) {
  return {{"dim", rope.dim},
          {"base", rope.base},
          {"scaling", NameOf(rope.scaling)},
          {"factor", rope.factor},
          {"original_context", rope.original_context},
          {"attention_factor", rope.attention_factor},
          {"beta_fast", rope.beta_fast},
          {"beta_slow", rope.beta_slow},
          {"truncate", rope.truncate},
          {"short_factors", rope.short_factors},
          {"long_factors", rope.long_factors}};
}

inline nlohmann::json ToJson(const ModelSpec& spec) {
  const AttentionSpec& attention = spec.attention;
  nlohmann::json json = {{"layers", spec.layers},
                         {"hidden", spec.hidden},
                         {"embedding", spec.embedding},
                         {"vocab", spec.vocab},
                         {"context", spec.context_length},
                         {"width", spec.feed_forward.width},
                         {"heads", attention.heads},
                         {"kv_heads", attention.kv_heads},
                         {"head_dim", attention.head_dim},
                         {"scale", attention.scale},
                         {"softcap", attention.softcap},
                         {"logit_softcap", spec.logit_softcap},
                         {"window", attention.window},
                         {"windowed_layers", attention.windowed_layers},
                         {"tied", spec.tied_embeddings},
                         {"norm_epsilon", spec.norm_epsilon},
                         {"activation", NameOf(spec.feed_forward.activation)},
                         {"gated", spec.feed_forward.gated},
                         {"qkv_bias", attention.qkv_bias},
                         {"output_bias", attention.output_bias},
                         {"mlp_bias", spec.feed_forward.bias},
                         {"qk_norm", attention.qk_norm != QkNorm::kNone},
                         {"parallel", spec.parallel},
                         {"rope", ToJson(spec.rope)},
                         {"rotary_layers", spec.rotary_layers}};
  if (spec.window_rope.has_value()) json["window_rope"] = ToJson(*spec.window_rope);
  return json;
}

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_ARCHITECTURES_SPEC_JSON_H_
