// Building blocks of the CPU's executor. Functions with a TeamMember must be called by every member
// of the team, and return when the whole team is done. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_CPU_LAYERS_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_CPU_LAYERS_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "engine/architectures/model_spec.h"
#include "engine/kernels/activations.h"
#include "engine/kernels/matrix_product.h"
#include "engine/runtime/executor/transformer_weights.h"
#include "engine/threads/thread_pool.h"

namespace assay::engine {

// The input of a matrix product: rows of floats, and their 8-bit form for quantized weights.
class LayerInput {
 public:
  LayerInput() = default;
  LayerInput(int64_t max_rows, int64_t columns);

  FloatRows floats() { return {.data = floats_.data(), .stride = columns_}; }
  const QuantizedRows& quantized() const { return quantized_; }
  int64_t columns() const { return columns_; }

  // Must be called when a row of floats, or its columns [begin, end), is complete; these must be
  // multiples of 32 or the end of the row. Threads may call it at the same time for different rows
  // or columns.
  void Finish(int64_t row) { Finish(row, 0, columns_); }
  void Finish(int64_t row, int64_t begin, int64_t end);

 private:
  int64_t columns_ = 0;
  AlignedArray<float> floats_;
  QuantizedRows quantized_;
};

// out = input * weights^T + bias, [rows, rows of all parts]. `parts` are the weights, stacked by
// rows. An undefined bias is left out.
void Project(TeamMember& member, absl::Span<const PackedMatrix> parts, const at::Tensor& bias,
             LayerInput& input, int64_t rows, const FloatRows& out);
inline void Project(TeamMember& member, const LinearWeights& weights, LayerInput& input,
                    int64_t rows, const FloatRows& out) {
  Project(member, weights.packed, weights.bias, input, rows, out);
}

// Calls work(row) for every row.
void ForRows(TeamMember& member, int64_t rows, absl::FunctionRef<void(int64_t)> work);

// Normalizes one row as `spec` says. `out` may be the row.
void NormRow(const ModelSpec& spec, const NormWeights& norm, const float* row, float* out);

// Normalizes each of `heads` heads of a row in place. The weights are [head_dim] or
// [heads, head_dim].
void NormHeadsInPlace(const ModelSpec& spec, const NormWeights& norm, int64_t heads, float* row);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_CPU_LAYERS_H_
