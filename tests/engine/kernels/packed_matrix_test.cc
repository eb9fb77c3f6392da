// Compares packed weights with the dequantization of the formats library, which is tested against
// the gguf package.
#include "engine/kernels/packed_matrix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "absl/types/span.h"
#include "engine/formats/dequantize.h"

namespace assay::engine {
namespace {

constexpr int64_t kRows = 37;
constexpr int64_t kColumns = 96;

std::vector<float> RandomWeights(int64_t count) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0.0F, 0.05F);
  std::vector<float> weights(static_cast<size_t>(count));
  for (float& weight : weights) weight = normal(random);
  return weights;
}

TEST(PackedMatrixTest, StoredTypesArePackedWithoutLoss) {
  for (const GgmlType stored : {GgmlType::kF32, GgmlType::kF16, GgmlType::kBF16, GgmlType::kQ8_0,
                                GgmlType::kQ4_0, GgmlType::kQ4_1}) {
    const auto layout = LayoutOf(stored);
    ASSERT_TRUE(layout.ok());
    const int64_t row_bytes = kColumns / layout->elements * layout->bytes;
    std::vector<std::byte> file(static_cast<size_t>(kRows * row_bytes));
    std::mt19937 random(5);
    // No byte has all exponent bits of an fp16 number, so that there are no infinities.
    for (std::byte& byte : file) byte = static_cast<std::byte>(random() & 0xBB);
    PackedMatrix matrix(*PackedMatrix::ExactTypeOf(stored), kRows, kColumns);
    for (int64_t panel = 0; panel < matrix.panels(); ++panel) {
      std::vector<const std::byte*> rows;
      for (int64_t r = panel * kPanelRows; r < std::min(kRows, (panel + 1) * kPanelRows); ++r) {
        rows.push_back(file.data() + r * row_bytes);
      }
      matrix.SetStoredPanel(panel, stored, rows);
    }
    for (int64_t r = 0; r < kRows; ++r) {
      std::vector<float> expected(kColumns);
      std::vector<float> got(kColumns);
      ASSERT_TRUE(Dequantize(stored,
                             absl::MakeConstSpan(file).subspan(static_cast<size_t>(r * row_bytes),
                                                               static_cast<size_t>(row_bytes)),
                             absl::MakeSpan(expected))
                      .ok());
      matrix.GetRow(r, got.data());
      for (size_t i = 0; i < expected.size(); ++i) {
        ASSERT_FLOAT_EQ(got[i], expected[i]) << GgmlTypeName(stored) << " row " << r << " " << i;
      }
    }
  }
}

TEST(PackedMatrixTest, RoundingStaysWithinHalfAStep) {
  const std::vector<float> weights = RandomWeights(kRows * kColumns);
  for (const PackedType type :
       {PackedType::kInt8, PackedType::kInt4, PackedType::kInt4Affine, PackedType::kBFloat16}) {
    PackedMatrix matrix(type, kRows, kColumns);
    for (int64_t panel = 0; panel < matrix.panels(); ++panel) {
      std::vector<const float*> rows;
      for (int64_t r = panel * kPanelRows; r < std::min(kRows, (panel + 1) * kPanelRows); ++r) {
        rows.push_back(weights.data() + r * kColumns);
      }
      matrix.SetPanel(panel, rows);
    }
    for (int64_t r = 0; r < kRows; ++r) {
      std::vector<float> got(kColumns);
      matrix.GetRow(r, got.data());
      for (int64_t g = 0; g < kColumns; g += kGroup) {
        const float* group = weights.data() + r * kColumns + g;
        const auto [min, max] = std::minmax_element(group, group + kGroup);
        const float reach = std::max(-*min, *max);
        // Symmetric 4-bit codes end one step earlier on the side that is closer to zero.
        const float step = type == PackedType::kInt8         ? reach / 127
                           : type == PackedType::kInt4       ? reach / 4
                           : type == PackedType::kInt4Affine ? (*max - *min) / 15
                                                             : reach / 128;
        for (int64_t i = 0; i < kGroup; ++i) {
          EXPECT_LE(std::abs(got[static_cast<size_t>(g + i)] - group[i]), step * 0.51F + 1e-4F);
        }
      }
    }
  }
}

TEST(PackedMatrixTest, ARowOfZerosStaysZero) {
  const std::vector<float> zeros(kColumns);
  const float* row = zeros.data();
  for (const PackedType type : {PackedType::kInt8, PackedType::kInt4, PackedType::kInt4Affine}) {
    PackedMatrix matrix(type, 1, kColumns);
    matrix.SetPanel(0, {&row, 1});
    std::vector<float> got(kColumns, 1.0F);
    matrix.GetRow(0, got.data());
    EXPECT_EQ(got, zeros);
  }
}

}  // namespace
}  // namespace assay::engine
