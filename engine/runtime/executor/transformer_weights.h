// The weights of a decoder-only transformer. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_TRANSFORMER_WEIGHTS_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_TRANSFORMER_WEIGHTS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/architectures/model_files.h"
#include "engine/architectures/model_spec.h"
#include "engine/kernels/packed_matrix.h"
#include "engine/runtime/executor/device_quirks.h"
#include "engine/runtime/executor/quantized_matrix.h"
#include "engine/runtime/executor/weight_loader.h"

namespace assay::engine {

// A member is undefined if the model has no such tensor.
struct NormWeights {
  at::Tensor weight;
  at::Tensor bias;
};

// A matrix [out, in] as at::linear takes it, or its quantized form, or packed for the CPU's
// kernels. Matrices with the same input are stacked by rows.
struct LinearWeights {
  at::Tensor weight;
  std::optional<QuantizedMatrix> quantized;
  // The parts by rows. If there are any, `weight` and `quantized` are empty.
  std::vector<PackedMatrix> packed;
  at::Tensor bias;

  bool defined() const { return weight.defined() || quantized.has_value() || !packed.empty(); }
  // Computes the product. Must not be called for packed weights.
  at::Tensor operator()(const at::Tensor& input, const DeviceQuirks& quirks) const;
};

struct LayerWeights {
  NormWeights attention_norm;
  // Queries, keys, values. The rows of queries and keys are in Hugging Face's order, in which the
  // halves are rotated against each other.
  LinearWeights qkv;
  // [head_dim] or [heads, head_dim].
  NormWeights query_norm;
  NormWeights key_norm;
  LinearWeights attention_output;
  NormWeights attention_post_norm;
  NormWeights feed_forward_norm;
  // Gate and up, or only up.
  LinearWeights up;
  LinearWeights down;
  NormWeights feed_forward_post_norm;
};

struct TransformerWeights {
  LinearWeights token_embedding;
  NormWeights embedding_norm;
  at::Tensor position_embedding;
  // Projections between the width of the embedding and that of the model, as in OPT-350M.
  LinearWeights project_in;
  LinearWeights project_out;
  std::vector<LayerWeights> layers;
  NormWeights output_norm;
  // Undefined if the output is tied to the token embedding.
  LinearWeights output;
  // Divides the frequencies: [rope_dim / 2], fp32 on the CPU.
  at::Tensor rope_factors;
  int64_t bytes = 0;
};

// The formats in which matrices are kept.
struct WeightChoice {
  // True: matrices are packed for the CPU's kernels, and everything else is fp32.
  bool packed = false;
  // The type of packed weights that are stored in fp32 or expanded.
  PackedType full = PackedType::kFloat32;
  // The format of the layers' matrices, which are converted one by one as they are read. kAsStored
  // is the type of the tensor options, or for packed weights the stored type. Embeddings, the
  // output and matrices that cannot be quantized are always kept as stored.
  WeightBits bits = WeightBits::kAsStored;
};

// Checks that LoadTransformerWeights() finds all tensors that it needs, with the right shapes,
// stored types and sizes. Reads no byte of a tensor and takes milliseconds. Errors as
// LoadTransformerWeights().
absl::Status CheckTransformerWeights(const ModelFiles& files);

// Reads every tensor of the loader's files. DATA_LOSS: a tensor is missing or has another shape.
// UNIMPLEMENTED: a tensor has an unsupported type, or no part of the model uses it. Throws the
// exceptions of libtorch.
absl::StatusOr<TransformerWeights> LoadTransformerWeights(const ModelFiles& files,
                                                          WeightLoader& loader,
                                                          const at::TensorOptions& options,
                                                          const WeightChoice& choice);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_TRANSFORMER_WEIGHTS_H_
