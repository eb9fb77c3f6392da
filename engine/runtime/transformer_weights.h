// Weights of a decoder-only transformer. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_TRANSFORMER_WEIGHTS_H_
#define ASSAY_ENGINE_RUNTIME_TRANSFORMER_WEIGHTS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/architectures/model_files.h"
#include "engine/architectures/model_spec.h"
#include "engine/runtime/quantised_matrix.h"
#include "engine/runtime/weight_loader.h"

namespace assay::engine {

// Undefined members: the model has none.
struct NormWeights {
  at::Tensor weight;
  at::Tensor bias;
};

// weight: [out, in], as at::linear takes it, or quantised in its place. Those that read the same
// input are one, stacked by rows.
struct LinearWeights {
  at::Tensor weight;
  std::optional<QuantisedMatrix> quantised;
  at::Tensor bias;

  bool defined() const { return weight.defined() || quantised.has_value(); }
  at::Tensor operator()(const at::Tensor& input) const;
};

struct LayerWeights {
  NormWeights attention_norm;
  // Queries, keys, values. Rows of queries and keys are in Hugging Face's order (halves rotated
  // against each other).
  LinearWeights qkv;
  // [head_dim] or [heads, head_dim].
  NormWeights query_norm;
  NormWeights key_norm;
  LinearWeights attention_output;
  NormWeights attention_post_norm;
  NormWeights feed_forward_norm;
  // Gate and up, or up alone.
  LinearWeights up;
  LinearWeights down;
  NormWeights feed_forward_post_norm;
};

struct TransformerWeights {
  at::Tensor token_embedding;
  NormWeights embedding_norm;
  at::Tensor position_embedding;
  // OPT-350M's, between the embedding's width and the model's.
  LinearWeights project_in;
  LinearWeights project_out;
  std::vector<LayerWeights> layers;
  NormWeights output_norm;
  // Its weight is the token embedding itself where they are tied.
  LinearWeights output;
  // [rope_dim / 2], fp32 on the CPU: divides each frequency.
  at::Tensor rope_factors;
  int64_t bytes = 0;
};

// Reads every tensor of the loader's files. `bits`: how the layers' matrices are kept, one by one
// as they are read; embeddings, norms and the output keep the type of `options`, and so do matrices
// that do not suit. DATA_LOSS: a tensor is missing or of another shape.
// UNIMPLEMENTED: one is left over. Throws as libtorch does.
absl::StatusOr<TransformerWeights> LoadTransformerWeights(const ModelFiles& files,
                                                          WeightLoader& loader,
                                                          const at::TensorOptions& options,
                                                          WeightBits bits);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_TRANSFORMER_WEIGHTS_H_
