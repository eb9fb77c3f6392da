// Weights of a Llama model. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_LLAMA_WEIGHTS_H_
#define ASSAY_ENGINE_RUNTIME_LLAMA_WEIGHTS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/runtime/llama_config.h"
#include "engine/runtime/weight_loader.h"

namespace assay::engine {

// Matrices are [out, in], as at::linear takes them. Those that read the same input are one, stacked
// by rows. Rows of queries and keys are in Hugging Face's order (halves rotated against each
// other), not the file's (neighbours).
struct LlamaLayer {
  at::Tensor attention_norm;
  // Queries, keys, values.
  at::Tensor qkv;
  // Undefined where the model has none.
  at::Tensor qkv_bias;
  at::Tensor attention_output;
  at::Tensor attention_output_bias;
  at::Tensor feed_forward_norm;
  // Gate, up.
  at::Tensor gate_up;
  at::Tensor down;
};

struct LlamaWeights {
  at::Tensor token_embedding;
  std::vector<LlamaLayer> layers;
  at::Tensor output_norm;
  // The token embedding itself where the file has no output.weight.
  at::Tensor output;
  // [rope_dim / 2], fp32 on the CPU: divides each frequency. Undefined where the model has none.
  at::Tensor rope_factors;

  int64_t Bytes() const;
};

// Reads every tensor of the loader's file. Throws as libtorch does.
absl::StatusOr<LlamaWeights> LoadLlamaWeights(const LlamaConfig& config, WeightLoader& loader,
                                              const at::TensorOptions& options);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_LLAMA_WEIGHTS_H_
