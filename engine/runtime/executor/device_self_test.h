// The self-test of a device. Private to engine/runtime.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_SELF_TEST_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_SELF_TEST_H_

#include <ATen/core/Tensor.h>

#include <functional>

#include "absl/status/statusor.h"
#include "engine/architectures/model_spec.h"
#include "engine/runtime/executor/device_quirks.h"

namespace assay::engine {

// The operators under test. Tests replace them by wrong ones.
struct DeviceOperators {
  // at::linear; the bias may be undefined.
  std::function<at::Tensor(const at::Tensor& input, const at::Tensor& weight,
                           const at::Tensor& bias)>
      linear;
  // Attend() of attention.h with its fused operator.
  std::function<at::Tensor(const AttentionSpec& spec, double scale, const at::Tensor& queries,
                           const at::Tensor& cached, const at::Tensor& mask)>
      attention;
  // The index of the largest element of each row.
  std::function<at::Tensor(const at::Tensor& rows)> argmax;
};

// Returns libtorch's operators.
DeviceOperators TorchOperators();

// Compares products, with a bias and over many columns, the largest element of a row and the
// propagation of NaN with the CPU in fp32. Returns the faults that can be worked around.
// FAILED_PRECONDITION: the device computes something else wrongly; the message says what, and by
// how much. Takes a turn of the device and up to a second the first time on a GPU. Throws the
// exceptions of libtorch.
absl::StatusOr<DeviceQuirks> TestDevice(const at::Device& device, at::ScalarType dtype,
                                        const DeviceOperators& operators = TorchOperators());

// Returns the result of TestDevice() with libtorch's operators. Tests each device and type once in
// the life of the process, and again after a failure.
absl::StatusOr<DeviceQuirks> QuirksOf(const at::Device& device, at::ScalarType dtype);

// Adds to `quirks` what attention with the heads of a model needs. Compares one and several tokens
// of two sequences of different lengths with the CPU in fp32. Errors as TestDevice().
absl::StatusOr<DeviceQuirks> TestAttention(const ModelSpec& spec, const at::Device& device,
                                           at::ScalarType dtype, DeviceQuirks quirks,
                                           const DeviceOperators& operators = TorchOperators());

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_SELF_TEST_H_
