// The sampling parameters that a model's publisher suggests.
#ifndef ASSAY_ENGINE_RUNTIME_MODEL_SAMPLING_H_
#define ASSAY_ENGINE_RUNTIME_MODEL_SAMPLING_H_

#include <optional>
#include <string>
#include <vector>

#include "engine/architectures/model_files.h"

namespace assay::engine {

// A parameter that the files do not set is empty. All parameters are valid (ValidateSampling()).
struct ModelSampling {
  std::optional<float> temperature;
  std::optional<float> top_p;
  std::optional<int> top_k;
  std::optional<float> min_p;
  std::optional<float> typical_p;
  std::optional<float> repetition_penalty;
  // Suggestions that cannot be followed, each as "eta_cutoff 0.1".
  std::vector<std::string> ignored;

  // Returns "temperature 0.6, top_p 0.95, top_k 20; not supported: eta_cutoff 0.1", or "greedy" if
  // the files suggest nothing else.
  std::string Describe() const;
};

// Reads generation_config.json of a folder, with the defaults of transformers for what it leaves
// out, or the keys general.sampling.* of a GGUF file. A folder samples only if do_sample is true.
// Suggestions never make a model unusable: an invalid one is among the ignored.
ModelSampling ReadModelSampling(const ModelFiles& files);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_MODEL_SAMPLING_H_
