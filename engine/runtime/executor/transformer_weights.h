// Weights of a decoder-only transformer. Private to this folder.
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
#include "engine/runtime/executor/quantized_matrix.h"
#include "engine/runtime/executor/weight_loader.h"

namespace assay::engine {

// Undefined members: the model has none.
struct NormWeights {
  at::Tensor weight;
  at::Tensor bias;
};

// weight: [out, in], as at::linear takes it, or quantized in its place, or packed for the CPU's
// kernels. Those that read the same input are one, stacked by rows.
struct LinearWeights {
  at::Tensor weight;
  std::optional<QuantizedMatrix> quantized;
  // Parts by rows; nothing else then.
  std::vector<PackedMatrix> packed;
  at::Tensor bias;

  bool defined() const { return weight.defined() || quantized.has_value() || !packed.empty(); }
  // Of those that are not packed.
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
  LinearWeights token_embedding;
  NormWeights embedding_norm;
  at::Tensor position_embedding;
  // OPT-350M's, between the embedding's width and the model's.
  LinearWeights project_in;
  LinearWeights project_out;
  std::vector<LayerWeights> layers;
  NormWeights output_norm;
  // Undefined where it is the token embedding itself.
  LinearWeights output;
  // [rope_dim / 2], fp32 on the CPU: divides each frequency.
  at::Tensor rope_factors;
  int64_t bytes = 0;
};

// How matrices are kept.
struct WeightChoice {
  // Packed for the CPU's kernels; everything else is fp32 then.
  bool packed = false;
  // Of packed weights that are stored in fp32 or expanded.
  PackedType full = PackedType::kFloat32;
  // The layers' matrices, one by one as they are read. kAsStored: in the type of the options, if
  // packed in the type that they are stored in. Embeddings and the output are always kept so, and
  // so are matrices that do not suit.
  WeightBits bits = WeightBits::kAsStored;
};

// Whether LoadTransformerWeights() would find what it needs: names, shapes, stored types and sizes,
// without reading a byte of a tensor (milliseconds). Its errors.
absl::Status CheckTransformerWeights(const ModelFiles& files);

// Reads every tensor of the loader's files. DATA_LOSS: a tensor is missing or of another shape.
// UNIMPLEMENTED: one is of a type that is not read, or left over. Throws as libtorch does.
absl::StatusOr<TransformerWeights> LoadTransformerWeights(const ModelFiles& files,
                                                          WeightLoader& loader,
                                                          const at::TensorOptions& options,
                                                          const WeightChoice& choice);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_TRANSFORMER_WEIGHTS_H_
