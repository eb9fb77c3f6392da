// Descriptions that many architectures share.
#ifndef ASSAY_ENGINE_ARCHITECTURES_COMMON_H_
#define ASSAY_ENGINE_ARCHITECTURES_COMMON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/architectures/architecture.h"
#include "engine/architectures/config_reader.h"
#include "engine/architectures/model_spec.h"

namespace assay::engine {

// The values of missing keys, which are those of the configuration class in transformers.
struct SizeDefaults {
  bool tied = false;
  int64_t vocab = 0;
  int64_t hidden = 0;
  int64_t layers = 0;
  int64_t heads = 0;
  // 0: the number of heads, which is also the meaning of a null.
  int64_t kv_heads = 0;
  int64_t context = 0;
  // 0: 4 * hidden.
  int64_t width = 0;
  const char* width_key = "intermediate_size";
  // 0: hidden / heads.
  int64_t head_dim = 0;
};

inline constexpr double kMaxRopeBase = 1e12;

// The rotary positions of a configuration without the keys, and the names of the keys outside
// rope_parameters.
struct RopeDefaults {
  double base = 10000.0;
  const char* base_key = "rope_theta";
  // The rotated part of a head. Models without it rotate whole heads, whatever the configuration
  // contains.
  std::optional<double> fraction = std::nullopt;
  const char* fraction_key = "partial_rotary_factor";
  // 0: the context length of the model.
  int64_t original_context = 0;
  // True if "yarn" was an earlier name of LongRoPE in these configurations.
  bool yarn_is_longrope = false;
  // True if each kind of layers has parameters. Their original context is then only that of the
  // object.
  bool per_kind = false;
};

// What Llama's descendants read from their configuration.
struct LlamaLikeOptions {
  double norm_epsilon = 1e-6;
  // True if attention_bias, or mlp_bias, is a key of the configuration.
  bool attention_bias_key = false;
  bool mlp_bias_key = false;
  const char* activation_key = "hidden_act";
  const char* activation = "silu";
  // Not set: the description reads the rotary positions itself.
  std::optional<RopeDefaults> rope = RopeDefaults();
};

// Reads layers, widths, heads, vocabulary, context and tied embeddings, under all names that
// config.json has used for them. Sets the attention scale to 1 / sqrt(head_dim).
void DescribeSizes(ConfigReader& read, ModelSpec& spec, const SizeDefaults& defaults);

// Sets LayerNorm with bias and reads its epsilon from `key`.
void DescribeLayerNorm(ConfigReader& read, ModelSpec& spec, const char* key);

// Describes Llama and its descendants: RMSNorm, SwiGLU and rotary positions.
void DescribeLlamaLike(ConfigReader& read, ModelSpec& spec, const SizeDefaults& defaults,
                       const LlamaLikeOptions& options);

// Reads the activation, by its name in transformers.
Activation ReadActivation(ConfigReader& read, const char* key, const std::string& fallback);

// Reads rotary positions as transformers does. rope_scaling replaces rope_parameters unless it is
// null or empty. Values in that object win over the same keys outside it.
RopeSpec ReadRope(ConfigReader& read, const ModelSpec& spec, const RopeDefaults& defaults);
// Does the same with `parameters` as the object.
RopeSpec ReadRopeOf(ConfigReader& parameters, ConfigReader& read, const ModelSpec& spec,
                    const RopeDefaults& defaults);

// Returns the context length that a model serves if its configuration contains `context`. Linear,
// dynamic and YaRN scaling extend it; for the others it is already extended.
int64_t ScaledContext(const RopeSpec& rope, int64_t context);

// Reads the sliding window of the layers for which `windowed`, one entry per layer, is true. Leaves
// the window 0 if there is no such layer or the configuration has a null.
void ReadWindowSize(ConfigReader& read, ModelSpec& spec, int64_t default_window,
                    std::vector<bool> windowed);
inline std::vector<bool> AllLayers(const ModelSpec& spec) {
  return std::vector<bool>(static_cast<size_t>(spec.layers), true);
}

// Does the same for the layers of layer_types, or of `fallback` if there is no such key.
void ReadWindow(ConfigReader& read, ModelSpec& spec, int64_t default_window,
                const std::vector<bool>& fallback);

// Returns the names of Llama's tensors in Hugging Face checkpoints.
std::vector<TensorName> LlamaNames();

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_COMMON_H_
