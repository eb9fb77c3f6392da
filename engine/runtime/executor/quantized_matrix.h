// A weight matrix in 8 or 4 bits. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_QUANTIZED_MATRIX_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_QUANTIZED_MATRIX_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "engine/runtime/executor/weight_choice.h"

namespace assay::engine {

// A quantized matrix for devices other than the CPU, whose kernels read packed_matrix.h. With 8
// bits a code is round(w / s), with one scale s = max |w| / 127 per row. With 4 bits it is round((w
// - m) / s), with one scale s = (max - min) / 15 and one minimum m for each kGroup weights of a
// row. A product reads the codes as they are where libtorch has such an
// operator: with 8 bits up to some rows of input, with 4 bits on the CPU, on MPS and for bfloat16
// on CUDA. Otherwise the matrix is expanded for each product. Immutable. Everything throws the
// exceptions of libtorch.
class QuantizedMatrix {
 public:
  static constexpr int64_t kGroup = 32;

  // Returns true if rows of `in` weights can be quantized: they must be whole groups.
  static bool Supports(int64_t in, WeightBits bits);

  // Returns the bytes of a matrix that is supported.
  static int64_t BytesOf(int64_t out, int64_t in, WeightBits bits);

  // Quantizes `weight`, which is not kept. Needs memory for a temporary copy in fp32.
  QuantizedMatrix(const at::Tensor& weight, WeightBits bits);

  // Multiplies `input` [rows, in] by the transposed matrix: [rows, out] in the type of the input.
  at::Tensor Multiply(const at::Tensor& input) const;

  int64_t Bytes() const { return static_cast<int64_t>(values_.nbytes() + scales_.nbytes()); }

 private:
  at::Tensor Expanded(at::ScalarType dtype) const;

  WeightBits bits_;
  int64_t out_;
  int64_t in_;
  // True if libtorch multiplies with the 4-bit codes.
  bool packed_ = false;
  // 8 bits: [out, in]. 4 bits: in libtorch's layout if packed, else two codes per byte,
  // [out, in / 2].
  at::Tensor values_;
  // 8 bits: [out]. 4 bits: [in / kGroup, out, 2], the scale and the value of code 8.
  at::Tensor scales_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_QUANTIZED_MATRIX_H_
