// A weight matrix in 8 or 4 bits. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_QUANTIZED_MATRIX_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_QUANTIZED_MATRIX_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "engine/runtime/executor/weight_choice.h"

namespace assay::engine {

// 8 bits: round(w / s), one scale a row, s = max |w| / 127. 4 bits: round((w - m) / s), one scale
// and minimum for each kGroup weights of a row, s = (max - min) / 15. The matrix is expanded for
// each product. For devices other than the CPU, whose kernels read packed_matrix.h. Immutable.
// Everything throws as libtorch does.
class QuantizedMatrix {
 public:
  static constexpr int64_t kGroup = 32;

  // Whether rows [in] can be kept so: whole groups.
  static bool Suits(int64_t in, WeightBits bits);

  // What it takes, if it suits.
  static int64_t BytesOf(int64_t out, int64_t in, WeightBits bits);

  // `weight` is not kept; beside it a copy of at most its size in fp32 lives for a moment.
  QuantizedMatrix(const at::Tensor& weight, WeightBits bits);

  // [rows, in] -> [rows, out], in the input's type.
  at::Tensor Multiply(const at::Tensor& input) const;

  int64_t Bytes() const { return static_cast<int64_t>(values_.nbytes() + scales_.nbytes()); }

 private:
  at::Tensor Expanded(at::ScalarType dtype) const;

  WeightBits bits_;
  int64_t out_;
  int64_t in_;
  // 8 bits: [out, in]. 4 bits: two in a byte, [out, in / 2].
  at::Tensor values_;
  // 8 bits: [out]. 4 bits: [in / kGroup, out, 2], scale and the value of 8.
  at::Tensor scales_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_QUANTIZED_MATRIX_H_
