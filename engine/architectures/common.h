// What many architectures describe alike.
#ifndef ASSAY_ENGINE_ARCHITECTURES_COMMON_H_
#define ASSAY_ENGINE_ARCHITECTURES_COMMON_H_

#include <cstdint>
#include <string>
#include <vector>

#include "engine/architectures/architecture.h"
#include "engine/architectures/config_reader.h"
#include "engine/architectures/model_spec.h"

namespace assay::engine {

// What a key that is missing means. 0: the configuration must name it.
struct SizeDefaults {
  bool tied = false;
  int64_t layers = 0;
  int64_t hidden = 0;
  int64_t vocab = 0;
  int64_t context = 0;
  int64_t heads = 0;
  // 0: as many as heads; hidden / heads; 4 * hidden.
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t width = 0;
};

// Layers, widths, heads, vocabulary, context and tied embeddings, under the names that config.json
// has had for them; scores are scaled by 1 / sqrt(head_dim).
void DescribeSizes(ConfigReader& read, ModelSpec& spec, const SizeDefaults& defaults);

// LayerNorm with bias, and its epsilon.
void DescribeLayerNorm(ConfigReader& read, ModelSpec& spec);

// RMSNorm, SwiGLU and rotary positions over the whole head: Llama and what descends from it.
void DescribeLlamaLike(ConfigReader& read, ModelSpec& spec, const SizeDefaults& defaults);

// By the names of transformers' activations, from `hidden_act` or another key.
Activation ReadActivation(ConfigReader& read, const std::string& fallback);

// rope_parameters, rope_scaling, rope_theta and partial_rotary_factor. `parameters`: the object
// that holds them where it is not the usual one.
RopeSpec ReadRope(ConfigReader& read, const ModelSpec& spec, double default_base);
RopeSpec ReadRopeOf(ConfigReader& parameters, ConfigReader& read, const ModelSpec& spec,
                    double base);

// Positions that a model serves whose configuration names `context`: linear, dynamic and YaRN
// scaling stretch it, the others have it stretched already.
int64_t ScaledContext(const RopeSpec& rope, int64_t context);

// layer_types, else `fallback(layer)` says which layers are windowed. Sets window 0 where none is.
void ReadWindow(ConfigReader& read, ModelSpec& spec, int64_t default_window,
                const std::vector<bool>& fallback);

// The names of Llama's tensors in Hugging Face checkpoints.
std::vector<TensorName> LlamaNames();

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_COMMON_H_
