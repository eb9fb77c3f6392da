// Tests of the self-test of a device, with operators that have the faults of real devices.
#include "engine/runtime/executor/device_self_test.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "engine/runtime/executor/attention.h"

namespace assay::engine {
namespace {

using testing::HasSubstr;

const at::Device kCpuDevice(at::kCPU);

ModelSpec SpecOf(int64_t heads, int64_t kv_heads, int64_t head_dim) {
  ModelSpec spec;
  spec.attention = {.heads = heads, .kv_heads = kv_heads, .head_dim = head_dim, .scale = 0.125};
  return spec;
}

TEST(DeviceSelfTest, TheCpuHasNoQuirks) {
  for (const at::ScalarType dtype : {at::kFloat, at::kHalf, at::kBFloat16}) {
    const auto quirks = TestDevice(kCpuDevice, dtype);
    ASSERT_TRUE(quirks.ok()) << quirks.status();
    EXPECT_EQ(*quirks, DeviceQuirks());
    for (const int64_t head_dim : {32, 72, 96, 100}) {
      const auto attention = TestAttention(SpecOf(8, 2, head_dim), kCpuDevice, dtype, *quirks);
      ASSERT_TRUE(attention.ok()) << attention.status();
      EXPECT_EQ(*attention, DeviceQuirks()) << head_dim;
    }
  }
}

// pytorch issue 188438.
TEST(DeviceSelfTest, ABiasThatIsDroppedForOneRowIsAddedApart) {
  DeviceOperators operators = TorchOperators();
  operators.linear = [](const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
    return at::linear(input, weight, input.size(0) == 1 ? at::Tensor() : bias);
  };
  const auto quirks = TestDevice(kCpuDevice, at::kHalf, operators);
  ASSERT_TRUE(quirks.ok()) << quirks.status();
  EXPECT_EQ(*quirks, DeviceQuirks{.bias_apart = true});
  EXPECT_THAT(Describe(*quirks), testing::ElementsAre(HasSubstr("bias")));
}

// pytorch issue 177116.
TEST(DeviceSelfTest, ProductsThatAreWrongOverManyColumnsAreSplit) {
  DeviceOperators operators = TorchOperators();
  operators.linear = [](const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
    const int64_t columns = std::min(input.size(1), kMaxProductColumns);
    return at::linear(input.narrow(1, 0, columns), weight.narrow(1, 0, columns), bias);
  };
  const auto quirks = TestDevice(kCpuDevice, at::kFloat, operators);
  ASSERT_TRUE(quirks.ok()) << quirks.status();
  EXPECT_EQ(*quirks, DeviceQuirks{.split_columns = true});
}

TEST(DeviceSelfTest, AWrongProductIsRefused) {
  DeviceOperators operators = TorchOperators();
  operators.linear = [](const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
    return at::linear(input, weight, bias) * 1.1;
  };
  const auto quirks = TestDevice(kCpuDevice, at::kFloat, operators);
  EXPECT_EQ(quirks.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(quirks.status().message(), HasSubstr("a product differs from the CPU's by"));
}

TEST(DeviceSelfTest, AnArgmaxThatMissesTheLastElementIsRefused) {
  DeviceOperators operators = TorchOperators();
  operators.argmax = [](const at::Tensor& rows) {
    return std::get<1>(rows.narrow(1, 0, rows.size(1) - 1).max(-1));
  };
  const auto quirks = TestDevice(kCpuDevice, at::kFloat, operators);
  EXPECT_EQ(quirks.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(quirks.status().message(), HasSubstr("the largest element"));
}

TEST(DeviceSelfTest, AProductThatHidesNanIsRefused) {
  DeviceOperators operators = TorchOperators();
  operators.linear = [](const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
    return at::linear(at::nan_to_num(input), weight, bias);
  };
  const auto quirks = TestDevice(kCpuDevice, at::kFloat, operators);
  EXPECT_EQ(quirks.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(quirks.status().message(), HasSubstr("NaN"));
}

// pytorch issue 195910: some queries see future tokens.
TEST(DeviceSelfTest, FusedAttentionThatShowsHiddenTokensIsReplaced) {
  DeviceOperators operators = TorchOperators();
  operators.attention = [](const AttentionSpec& spec, double scale, const at::Tensor& queries,
                           const at::Tensor& cached, const at::Tensor& mask) {
    at::Tensor leaking = mask.clone();
    leaking.select(2, 0).zero_();
    return AttendFused(spec, scale, queries, cached, leaking);
  };
  const auto quirks = TestAttention(SpecOf(4, 2, 80), kCpuDevice, at::kHalf, {}, operators);
  ASSERT_TRUE(quirks.ok()) << quirks.status();
  EXPECT_EQ(*quirks, DeviceQuirks{.plain_attention = true});
}

}  // namespace
}  // namespace assay::engine
