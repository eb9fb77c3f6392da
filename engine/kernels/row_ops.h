// What a transformer computes of one row at a time, on the CPU in fp32.
#ifndef ASSAY_ENGINE_KERNELS_ROW_OPS_H_
#define ASSAY_ENGINE_KERNELS_ROW_OPS_H_

#include <cstdint>

namespace assay::engine {

// All are pure, single-threaded, and take rows of any length at any address; `out` may be the
// input. A null weight or bias is left out.

// out = row / sqrt(mean(row^2) + epsilon) * weight (arXiv:1910.07467).
void RmsNorm(const float* row, const float* weight, int64_t count, float epsilon, float* out);

// out = (row - mean) / sqrt(variance + epsilon) * weight + bias (arXiv:1607.06450).
void LayerNorm(const float* row, const float* weight, const float* bias, int64_t count,
               float epsilon, float* out);

enum class RowActivation {
  kSilu,
  // x / 2 * (1 + erf(x / sqrt 2)); the error function to 1.5e-7 (Abramowitz and Stegun, 7.1.26).
  kGelu,
  // Its approximation by a hyperbolic tangent (arXiv:1606.08415, section 2).
  kGeluTanh,
  kRelu,
};

// out = activation(row), times `factor` where it is not null.
void Activate(RowActivation activation, const float* row, const float* factor, int64_t count,
              float* out);

// row += addend.
void AddRow(const float* addend, int64_t count, float* row);

// row = cap * tanh(row / cap).
void CapRow(float cap, int64_t count, float* row);

// Turns dimension i against i + half: [half] cosines and sines. In place.
void RotateHalves(const float* cosines, const float* sines, int64_t half, float* head);

// Place of the largest value, of equal ones the first; NaN is never the largest. 0 if there is none
// above minus infinity.
int64_t ArgmaxOfRow(const float* row, int64_t count);

// out = exp((row - most) * factor), 0 for NaN; returns their sum. most: the row's largest.
double WeighRow(const float* row, int64_t count, float most, float factor, float* out);

// out = row in fp16, rounded to the nearest.
void HalvesOfRow(const float* row, int64_t count, uint16_t* out);

// out = row / scale, rounded to the nearest, within [-127, 127]; returns scale = absmax / 127. A
// row of zeros, or as good as that (below 1e-36), has the scale 0; one with infinity or NaN, NaN.
float BytesOfRow(const float* row, int64_t count, int8_t* out);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_ROW_OPS_H_
