// The product with a weight matrix and its work-arounds.
#include "engine/runtime/executor/linear_product.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>

namespace assay::engine {

at::Tensor TorchLinear(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  return at::linear(input, weight, bias);
}

at::Tensor LinearProduct(
    const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
    const DeviceQuirks& quirks,
    absl::FunctionRef<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&)> linear) {
  const int64_t columns = weight.size(1);
  const bool splits = quirks.split_columns && columns > kMaxProductColumns;
  if (!splits && !quirks.bias_apart) return linear(input, weight, bias);
  const int64_t step = splits ? kMaxProductColumns : columns;
  at::Tensor product;
  for (int64_t begin = 0; begin < columns; begin += step) {
    const int64_t count = std::min(step, columns - begin);
    const at::Tensor part =
        linear(input.narrow(1, begin, count), weight.narrow(1, begin, count), {});
    product = product.defined() ? product + part : part;
  }
  return bias.defined() ? product + bias : product;
}

}  // namespace assay::engine
