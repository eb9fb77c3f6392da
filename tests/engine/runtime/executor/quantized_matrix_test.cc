// Tests of matrices in 8 and 4 bits against products in fp32.
#include "engine/runtime/executor/quantized_matrix.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace assay::engine {
namespace {

// Rounds by the definition in quantized_matrix.h.
at::Tensor Rounded(const at::Tensor& weight, WeightBits bits) {
  if (bits == WeightBits::kInt8) {
    const at::Tensor scale = weight.abs().amax(1, true) / 127.0;
    return at::round(weight / scale) * scale;
  }
  const at::Tensor groups = weight.view({weight.size(0), -1, QuantizedMatrix::kGroup});
  const at::Tensor minimum = groups.amin(2, true);
  const at::Tensor scale = (groups.amax(2, true) - minimum) / 15.0;
  return (at::round((groups - minimum) / scale) * scale + minimum).view(weight.sizes());
}

class QuantizedMatrixTest : public testing::TestWithParam<at::ScalarType> {};

// The sizes reach each layout: 32, 64 and 128 columns; rows that are no whole tiles.
TEST_P(QuantizedMatrixTest, ProductsMatchTheDefinition) {
  const at::ScalarType dtype = GetParam();
  const double tolerance = dtype == at::kFloat ? 1e-4 : 2e-2;
  at::manual_seed(7);
  for (const WeightBits bits : {WeightBits::kInt8, WeightBits::kInt4}) {
    for (const auto& [out, in] : {std::pair(48, 96), {48, 64}, {32, 256}, {7, 32}, {20, 160}}) {
      const at::Tensor weight = at::randn({out, in}).to(dtype).to(at::kFloat);
      const QuantizedMatrix matrix(weight.to(dtype), bits);
      for (const int64_t rows : {1, 3, 32, 33, 100}) {
        const at::Tensor input = at::randn({rows, in}).to(dtype);
        const at::Tensor expected = at::mm(input.to(at::kFloat), Rounded(weight, bits).t());
        const at::Tensor product = matrix.Multiply(input);
        ASSERT_EQ(product.sizes(), expected.sizes());
        EXPECT_EQ(product.scalar_type(), dtype);
        const double error =
            ((product.to(at::kFloat) - expected).abs().max() / expected.abs().max()).item<double>();
        EXPECT_LE(error, tolerance) << (bits == WeightBits::kInt8 ? "int8 " : "int4 ") << out << "x"
                                    << in << " rows " << rows;
      }
    }
  }
}

TEST_P(QuantizedMatrixTest, BytesAreTheEstimate) {
  const at::ScalarType dtype = GetParam();
  if (dtype == at::kFloat) GTEST_SKIP() << "the estimate is for half precision";
  const at::Tensor weight = at::randn({48, 96}).to(dtype);
  for (const WeightBits bits : {WeightBits::kInt8, WeightBits::kInt4}) {
    EXPECT_EQ(QuantizedMatrix(weight, bits).Bytes(), QuantizedMatrix::BytesOf(48, 96, bits));
  }
}

INSTANTIATE_TEST_SUITE_P(Dtypes, QuantizedMatrixTest,
                         testing::Values(at::kFloat, at::kHalf, at::kBFloat16),
                         [](const auto& test) { return c10::toString(test.param); });

}  // namespace
}  // namespace assay::engine
