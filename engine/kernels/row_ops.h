// The element-wise operations of a transformer on one row, on the CPU in fp32.
#ifndef ASSAY_ENGINE_KERNELS_ROW_OPS_H_
#define ASSAY_ENGINE_KERNELS_ROW_OPS_H_

#include <cstdint>

namespace assay::engine {

// All functions are pure and single-threaded, and accept rows of any length at any address. `out`
// may be the input. A weight or bias may be null: it is left out.

// out = row / sqrt(mean(row^2) + epsilon) * weight (arXiv:1910.07467).
void RmsNorm(const float* row, const float* weight, int64_t count, float epsilon, float* out);

// out = (row - mean) / sqrt(variance + epsilon) * weight + bias (arXiv:1607.06450).
void LayerNorm(const float* row, const float* weight, const float* bias, int64_t count,
               float epsilon, float* out);

enum class RowActivation {
  kSilu,
  // x / 2 * (1 + erf(x / sqrt 2)); the error function to 1.5e-7 (Abramowitz and Stegun, 7.1.26).
  kGelu,
  // The approximation of kGelu by a hyperbolic tangent (arXiv:1606.08415, section 2).
  kGeluTanh,
  kRelu,
};

// out = activation(row), multiplied by the row `factor` if that is not null.
void Activate(RowActivation activation, const float* row, const float* factor, int64_t count,
              float* out);

// row += addend.
void AddRow(const float* addend, int64_t count, float* row);

// row = cap * tanh(row / cap).
void CapRow(float cap, int64_t count, float* row);

// Rotates dimensions i and i + half against each other, in place, by [half] cosines and sines.
void RotateHalves(const float* cosines, const float* sines, int64_t half, float* head);

// Returns the index of the largest value; among equal values, the first. Returns -1 if a value is
// NaN or if no value is above minus infinity.
int64_t ArgmaxOfRow(const float* row, int64_t count);

// out = exp((row - max) * factor), 0 for NaN: softmax weights before their normalization. `max`
// must be the largest value of the row. Returns the sum of `out`.
double ExpOfRow(const float* row, int64_t count, float max, float factor, float* out);

// out = row in fp16, rounded to the nearest.
void HalvesOfRow(const float* row, int64_t count, uint16_t* out);

// out = row / scale, rounded to the nearest, within [-127, 127]; returns scale = absmax / 127. The
// scale is 0 if all values are below 1e-36, and NaN if one of them is infinite or NaN.
float BytesOfRow(const float* row, int64_t count, int8_t* out);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_ROW_OPS_H_
