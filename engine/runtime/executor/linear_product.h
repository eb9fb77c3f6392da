// The product with a weight matrix and its work-arounds. Private to engine/runtime.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_LINEAR_PRODUCT_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_LINEAR_PRODUCT_H_

#include <ATen/core/Tensor.h>

#include "absl/functional/function_ref.h"
#include "engine/runtime/executor/device_quirks.h"

namespace assay::engine {

// at::linear: input [rows, in], weight [out, in], bias [out] or undefined.
at::Tensor TorchLinear(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias);

// Returns input * weight^T + bias, [rows, out], by calls of `linear` in a way that the quirks leave
// right. Throws the exceptions of libtorch.
at::Tensor LinearProduct(
    const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
    const DeviceQuirks& quirks,
    absl::FunctionRef<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&)> linear =
        TorchLinear);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_LINEAR_PRODUCT_H_
