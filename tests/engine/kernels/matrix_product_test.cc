// Compares products with sums in double, for every instruction set that this machine has.
#include "engine/kernels/matrix_product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "tests/engine/kernels/targets.h"

#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace assay::engine {
namespace {

constexpr int64_t kColumns = 160;
constexpr PackedType kTypes[] = {PackedType::kFloat32,  PackedType::kFloat16,
                                 PackedType::kBFloat16, PackedType::kInt8,
                                 PackedType::kInt4,     PackedType::kInt4Affine};

struct Case {
  int64_t outputs;
  int64_t rows;
};

std::vector<float> Random(int64_t count, int seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

PackedMatrix Packed(PackedType type, int64_t rows, const std::vector<float>& weights) {
  PackedMatrix matrix(type, rows, kColumns);
  for (int64_t panel = 0; panel < matrix.panels(); ++panel) {
    std::vector<const float*> lines;
    for (int64_t r = panel * kPanelRows; r < std::min(rows, (panel + 1) * kPanelRows); ++r) {
      lines.push_back(weights.data() + r * kColumns);
    }
    matrix.SetPanel(panel, lines);
  }
  return matrix;
}

std::vector<float> Product(const PackedMatrix& matrix, std::vector<float>& input, int64_t rows) {
  std::vector<float> out(static_cast<size_t>(rows * matrix.rows()), NAN);
  const FloatRows to{.data = out.data(), .stride = matrix.rows()};
  if (!IsQuantized(matrix.type())) {
    MultiplyFloats(matrix, 0, matrix.panels(), {.data = input.data(), .stride = kColumns}, rows,
                   to);
    return out;
  }
  QuantizedRows quantized(rows, kColumns);
  for (int64_t r = 0; r < rows; ++r) quantized.Set(r, input.data() + r * kColumns);
  MultiplyQuantized(matrix, 0, matrix.panels(), quantized, rows, to);
  return out;
}

// Returns the expected product in double, from the quantized activations.
double Expected(const PackedMatrix& matrix, const std::vector<float>& input, int64_t row,
                int64_t output) {
  std::vector<float> weights(kColumns);
  matrix.GetRow(output, weights.data());
  QuantizedRows quantized(1, kColumns);
  quantized.Set(0, input.data() + row * kColumns);
  double sum = 0.0;
  for (int64_t k = 0; k < kColumns; ++k) {
    const double x = IsQuantized(matrix.type())
                         ? static_cast<double>(quantized.tiles(0)[k / kGroup].scales[0]) *
                               quantized.tiles(0)[k / kGroup].codes[0][k % kGroup]
                         : static_cast<double>(input[static_cast<size_t>(row * kColumns + k)]);
    sum += static_cast<double>(weights[static_cast<size_t>(k)]) * x;
  }
  return sum;
}

class MatrixProductTest : public TargetTest {};

TEST_P(MatrixProductTest, IsTheSumOfProducts) {
  for (const PackedType type : kTypes) {
    for (const Case& test : {Case{16, 1}, Case{7, 3}, Case{41, 11}, Case{64, 16}}) {
      const PackedMatrix matrix = Packed(type, test.outputs, Random(test.outputs * kColumns, 1));
      std::vector<float> input = Random(test.rows * kColumns, 2);
      const std::vector<float> out = Product(matrix, input, test.rows);
      for (int64_t r = 0; r < test.rows; ++r) {
        for (int64_t o = 0; o < test.outputs; ++o) {
          ASSERT_NEAR(out[static_cast<size_t>(r * test.outputs + o)], Expected(matrix, input, r, o),
                      2e-4)
              << KernelTarget() << " type " << static_cast<int>(type) << " row " << r << " of "
              << test.rows << ", output " << o << " of " << test.outputs;
        }
      }
    }
  }
}

TEST_P(MatrixProductTest, ARowsResultDoesNotDependOnOtherRows) {
  constexpr int64_t kOutputs = 33;
  for (const PackedType type : kTypes) {
    const PackedMatrix matrix = Packed(type, kOutputs, Random(kOutputs * kColumns, 4));
    // Three rows are computed as four.
    for (const int64_t rows : {2, 3, 7, 13}) {
      std::vector<float> input = Random(rows * kColumns, 5);
      const std::vector<float> together = Product(matrix, input, rows);
      for (int64_t r = 0; r < rows; ++r) {
        std::vector<float> alone(input.begin() + r * kColumns, input.begin() + (r + 1) * kColumns);
        const std::vector<float> out = Product(matrix, alone, 1);
        EXPECT_TRUE(std::equal(out.begin(), out.end(), together.begin() + r * kOutputs))
            << "type " << static_cast<int>(type) << " row " << r << " of " << rows;
      }
    }
  }
}

// With extreme codes and activations sums of pairs exceed 16 bits.
TEST_P(MatrixProductTest, LargestCodesDoNotOverflow) {
  for (const PackedType type : {PackedType::kInt8, PackedType::kInt4, PackedType::kInt4Affine}) {
    for (const float sign : {1.0F, -1.0F}) {
      const PackedMatrix matrix = Packed(type, 16, std::vector<float>(16 * kColumns, sign));
      std::vector<float> input(kColumns, 1.0F);
      const std::vector<float> out = Product(matrix, input, 1);
      for (const float value : out) EXPECT_NEAR(value, sign * kColumns, 0.2F);
    }
  }
}

#if defined(__aarch64__) && defined(__linux__)
TEST(KernelTargetTest, ArmDotProductsAreUsedIfTheProcessorHasThem) {
  const bool has = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
  EXPECT_EQ(KernelTarget(), has ? "NEON+dotprod" : "NEON");
}
#endif

INSTANTIATE_TEST_SUITE_P(Targets, MatrixProductTest, ::testing::ValuesIn(Targets()),
                         TargetTestName);

}  // namespace
}  // namespace assay::engine
