// Descriptions that many architectures share.
#ifndef ASSAY_ENGINE_ARCHITECTURES_COMMON_H_
#define ASSAY_ENGINE_ARCHITECTURES_COMMON_H_

#include <cstdint>
#include <string>
#include <vector>

#include "engine/architectures/architecture.h"
#include "engine/architectures/config_reader.h"
#include "engine/architectures/model_spec.h"

namespace assay::engine {

// The values of missing keys. 0: the key is required.
struct SizeDefaults {
  bool tied = false;
  int64_t layers = 0;
  int64_t hidden = 0;
  int64_t vocab = 0;
  int64_t context = 0;
  int64_t heads = 0;
  // 0: the number of heads.
  int64_t kv_heads = 0;
  // 0: hidden / heads.
  int64_t head_dim = 0;
  // 0: 4 * hidden.
  int64_t width = 0;
};

// Reads layers, widths, heads, vocabulary, context and tied embeddings, under all names that
// config.json has used for them. Sets the attention scale to 1 / sqrt(head_dim).
void DescribeSizes(ConfigReader& read, ModelSpec& spec, const SizeDefaults& defaults);

// Sets LayerNorm with bias and reads its epsilon.
void DescribeLayerNorm(ConfigReader& read, ModelSpec& spec);

// Describes Llama and its descendants: RMSNorm, SwiGLU and rotary positions over the whole head.
void DescribeLlamaLike(ConfigReader& read, ModelSpec& spec, const SizeDefaults& defaults);

// Reads the activation, by its name in transformers, from `hidden_act` or another key.
Activation ReadActivation(ConfigReader& read, const std::string& fallback);

// Reads rope_parameters, rope_scaling, rope_theta and partial_rotary_factor.
RopeSpec ReadRope(ConfigReader& read, const ModelSpec& spec, double default_base);
// Does the same with `parameters` as the object that contains them.
RopeSpec ReadRopeOf(ConfigReader& parameters, ConfigReader& read, const ModelSpec& spec,
                    double base);

// Returns the context length that a model serves if its configuration contains `context`. Linear,
// dynamic and YaRN scaling extend it; for the others it is already extended.
int64_t ScaledContext(const RopeSpec& rope, int64_t context);

// Reads which layers have a sliding window from layer_types, otherwise uses `fallback`, which has
// one entry per layer. Leaves the window 0 if no layer has one.
void ReadWindow(ConfigReader& read, ModelSpec& spec, int64_t default_window,
                const std::vector<bool>& fallback);

// Returns the names of Llama's tensors in Hugging Face checkpoints.
std::vector<TensorName> LlamaNames();

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_COMMON_H_
