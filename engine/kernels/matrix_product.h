// Products of activations and weights on the CPU.
#ifndef ASSAY_ENGINE_KERNELS_MATRIX_PRODUCT_H_
#define ASSAY_ENGINE_KERNELS_MATRIX_PRODUCT_H_

#include <cstdint>
#include <string>

#include "engine/kernels/activations.h"
#include "engine/kernels/packed_matrix.h"

namespace assay::engine {

// A row-major matrix of floats, not owned.
struct FloatRows {
  float* data = nullptr;
  // The number of elements from one row to the next.
  int64_t stride = 0;

  float* row(int64_t i) const { return data + i * stride; }
};

// Both functions compute out[i][16 p + j] = sum over k of weights[16 p + j][k] * input[i][k] for
// the panels p in [panel_begin, panel_end) and the rows i in [0, rows). They are single-threaded:
// callers divide the panels among threads. The result of a row does not depend on the other rows.
// The instruction set is chosen at the first call: AVX-512 with VNNI, AVX2, SSE4.1 or NEON (with
// dot products if the processor has them; on macOS if the compiler enables them).

// Multiplies by quantized weights: dot products of codes in 32-bit integers, which are scaled and
// summed in fp32 group by group.
void MultiplyQuantized(const PackedMatrix& weights, int64_t panel_begin, int64_t panel_end,
                       const QuantizedRows& input, int64_t rows, const FloatRows& out);
// Multiplies by weights of a float type, in fp32, in the order of k.
void MultiplyFloats(const PackedMatrix& weights, int64_t panel_begin, int64_t panel_end,
                    const FloatRows& input, int64_t rows, const FloatRows& out);

// Quantizes `groups` groups of 32 values into row `row` of as many tiles.
void QuantizeActivations(const float* values, int64_t groups, int64_t row, QuantizedTile* tiles);

// Returns the instruction set in use: "AVX3_DL", "AVX2", "NEON", "NEON+dotprod".
std::string KernelTarget();

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_MATRIX_PRODUCT_H_
