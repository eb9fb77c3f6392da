// Compares row operations with the same formulas in double.
#include "engine/kernels/row_ops.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "tests/engine/kernels/targets.h"

namespace assay::engine {
namespace {

std::vector<float> Random(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.3F, 2.0F);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

class RowOpsTest : public TargetTest {};

TEST_P(RowOpsTest, NormsMatchTheirFormulas) {
  for (const size_t count : {1U, 7U, 16U, 42U, 576U}) {
    const std::vector<float> row = Random(count, 1);
    const std::vector<float> weight = Random(count, 2);
    const std::vector<float> bias = Random(count, 3);
    double squares = 0.0;
    double mean = 0.0;
    for (const float x : row) {
      squares += static_cast<double>(x) * x;
      mean += x;
    }
    const auto n = static_cast<double>(count);
    mean /= n;
    double variance = 0.0;
    for (const float x : row) variance += (x - mean) * (x - mean) / n;
    const double rms = 1.0 / std::sqrt(squares / n + 1e-5);
    const double deviation = 1.0 / std::sqrt(variance + 1e-5);
    std::vector<float> out(count);
    const auto size = static_cast<int64_t>(count);
    RmsNorm(row.data(), weight.data(), size, 1e-5F, out.data());
    for (size_t i = 0; i < count; ++i) EXPECT_NEAR(out[i], row[i] * rms * weight[i], 2e-5);
    RmsNorm(row.data(), nullptr, size, 1e-5F, out.data());
    for (size_t i = 0; i < count; ++i) EXPECT_NEAR(out[i], row[i] * rms, 2e-5);
    LayerNorm(row.data(), weight.data(), bias.data(), size, 1e-5F, out.data());
    for (size_t i = 0; i < count; ++i) {
      EXPECT_NEAR(out[i], (row[i] - mean) * deviation * weight[i] + bias[i], 4e-5);
    }
  }
}

TEST_P(RowOpsTest, ActivationsMatchTheirFormulas) {
  const std::vector<std::pair<RowActivation, std::function<double(double)>>> functions = {
      {RowActivation::kSilu, [](double x) { return x / (1.0 + std::exp(-x)); }},
      {RowActivation::kGelu, [](double x) { return x / 2 * (1.0 + std::erf(x / std::sqrt(2.0))); }},
      {RowActivation::kGeluTanh,
       [](double x) {
         return x / 2 * (1.0 + std::tanh(std::sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x)));
       }},
      {RowActivation::kRelu, [](double x) { return std::max(x, 0.0); }},
  };
  std::vector<float> row = {0.0F, -0.0F, 1e-8F, -1e-8F, 30.0F, -30.0F, 200.0F, -200.0F};
  for (float x = -8.0F; x < 8.0F; x += 0.013F) row.push_back(x);
  const std::vector<float> factor = Random(row.size(), 4);
  for (const auto& [activation, expected] : functions) {
    std::vector<float> out(row.size());
    const auto size = static_cast<int64_t>(row.size());
    Activate(activation, row.data(), nullptr, size, out.data());
    for (size_t i = 0; i < row.size(); ++i) {
      EXPECT_NEAR(out[i], expected(row[i]), 1e-6 + 1e-6 * std::abs(row[i])) << row[i];
    }
    Activate(activation, row.data(), factor.data(), size, out.data());
    for (size_t i = 0; i < row.size(); ++i) {
      EXPECT_NEAR(out[i], expected(row[i]) * factor[i], 1e-5 + 1e-5 * std::abs(row[i])) << row[i];
    }
  }
}

TEST_P(RowOpsTest, BytesAreRoundedToTheNearestStep) {
  for (const int64_t count : {1, 15, 16, 37, 80}) {
    const std::vector<float> row = Random(static_cast<size_t>(count), 9);
    std::vector<int8_t> bytes(row.size());
    const float scale = BytesOfRow(row.data(), count, bytes.data());
    float max = 0.0F;
    for (const float value : row) max = std::max(max, std::abs(value));
    EXPECT_FLOAT_EQ(scale, max / 127.0F);
    for (size_t i = 0; i < row.size(); ++i) {
      EXPECT_NEAR(static_cast<float>(bytes[i]) * scale, row[i], scale * 0.5001F) << i;
      EXPECT_GE(bytes[i], -127);
    }
    EXPECT_EQ(BytesOfRow(std::vector<float>(row.size()).data(), count, bytes.data()), 0.0F);
    for (const float value : {NAN, std::numeric_limits<float>::infinity()}) {
      for (const size_t index : {size_t{0}, row.size() - 1}) {
        std::vector<float> bad = row;
        bad[index] = value;
        EXPECT_TRUE(std::isnan(BytesOfRow(bad.data(), count, bytes.data()))) << count;
      }
    }
  }
}

TEST_P(RowOpsTest, ArgmaxIsTheFirstOfEqualValues) {
  const float minus_infinity = -std::numeric_limits<float>::infinity();
  for (const size_t count : {1U, 15U, 16U, 17U, 100U}) {
    for (size_t index = 0; index < count; ++index) {
      std::vector<float> row(count, -3.0F);
      for (size_t i = index; i < count; ++i) row[i] = 2.0F;
      EXPECT_EQ(ArgmaxOfRow(row.data(), static_cast<int64_t>(count)), static_cast<int64_t>(index));
    }
    for (const float value : {minus_infinity, NAN}) {
      const std::vector<float> row(count, value);
      EXPECT_EQ(ArgmaxOfRow(row.data(), static_cast<int64_t>(count)), -1);
    }
    for (size_t index = 0; index < count; ++index) {
      std::vector<float> row(count, 1.0F);
      row[index] = NAN;
      EXPECT_EQ(ArgmaxOfRow(row.data(), static_cast<int64_t>(count)), -1) << index;
      row[index] = std::numeric_limits<float>::infinity();
      EXPECT_EQ(ArgmaxOfRow(row.data(), static_cast<int64_t>(count)), static_cast<int64_t>(index));
    }
  }
}

TEST_P(RowOpsTest, ExpOfRowReturnsTheSumOfTheExponentials) {
  for (const int64_t count : {1, 15, 16, 513, 1000}) {
    std::vector<float> row = Random(static_cast<size_t>(count), 7);
    if (count > 20) row[3] = NAN;
    if (count > 20) row[5] = -std::numeric_limits<float>::infinity();
    constexpr float kMax = 4.0F;
    constexpr float kFactor = 1.7F;
    std::vector<float> weights(row.size());
    const double total = ExpOfRow(row.data(), count, kMax, kFactor, weights.data());
    double expected = 0.0;
    for (size_t i = 0; i < row.size(); ++i) {
      const double weight = std::isnan(row[i]) ? 0.0 : std::exp((row[i] - kMax) * kFactor);
      EXPECT_NEAR(weights[i], weight, 1e-6 * weight);
      expected += weight;
    }
    EXPECT_NEAR(total, expected, 1e-6 * expected);
  }
}

TEST_P(RowOpsTest, CapAndRotationMatchTheirFormulas) {
  std::vector<float> row = Random(45, 5);
  const std::vector<float> before = row;
  CapRow(1.5F, 45, row.data());
  for (size_t i = 0; i < row.size(); ++i)
    EXPECT_NEAR(row[i], 1.5 * std::tanh(before[i] / 1.5), 2e-6);
  for (const int64_t half : {3, 16, 21}) {
    std::vector<float> head = Random(static_cast<size_t>(2 * half), 6);
    const std::vector<float> old = head;
    std::vector<float> cosines;
    std::vector<float> sines;
    for (int64_t i = 0; i < half; ++i) {
      cosines.push_back(std::cos(static_cast<float>(i)));
      sines.push_back(std::sin(static_cast<float>(i)));
    }
    RotateHalves(cosines.data(), sines.data(), half, head.data());
    for (int64_t i = 0; i < half; ++i) {
      const auto j = static_cast<size_t>(i);
      const auto k = static_cast<size_t>(i + half);
      EXPECT_NEAR(head[j], old[j] * cosines[j] - old[k] * sines[j], 1e-5);
      EXPECT_NEAR(head[k], old[j] * sines[j] + old[k] * cosines[j], 1e-5);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, RowOpsTest, ::testing::ValuesIn(Targets()), TargetTestName);

}  // namespace
}  // namespace assay::engine
