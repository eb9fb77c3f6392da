#include "engine/runtime/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/status/status.h"

namespace assay::engine {
namespace {

using ::testing::HasSubstr;

TEST(DeviceTest, CpuIsAlwaysAvailable) {
  const auto device = ResolveDevice("cpu");
  ASSERT_TRUE(device.ok()) << device.status();
  EXPECT_EQ(device->kind, DeviceKind::kCpu);
  EXPECT_EQ(device->name, "cpu");
  EXPECT_EQ(device->default_dtype, "float32");
  EXPECT_FALSE(device->apple_silicon_optimized);
  EXPECT_GT(device->memory_bytes, int64_t{256} << 20);
  EXPECT_THAT(device->torch_version, HasSubstr("2."));
  EXPECT_EQ(DeviceMemoryInUse(*device), 0);
}

TEST(DeviceTest, AutoFindsADevice) {
  const auto device = ResolveDevice("auto");
  ASSERT_TRUE(device.ok()) << device.status();
  const auto again = ResolveDevice(device->name);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->kind, device->kind);
}

TEST(DeviceTest, UnknownNamesAreInvalid) {
  for (const char* name : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "CPU", "cpu:0"}) {
    const auto device = ResolveDevice(name);
    EXPECT_EQ(device.status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(device.status().message(), HasSubstr("auto, cpu, cuda, cuda:N, mps"));
  }
}

TEST(DeviceTest, AnAbsentDeviceIsAFailedPrecondition) {
  const auto device = ResolveDevice("cuda:99");
  EXPECT_EQ(device.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(device.status().message(), HasSubstr("cuda:99"));
}

TEST(DeviceTest, ThreadsFollowTheSetting) {
  SetCpuThreads(1);
  EXPECT_EQ(ResolveDevice("cpu")->threads, 1);
  SetCpuThreads(0);
  const int threads = ResolveDevice("cpu")->threads;
  EXPECT_GE(threads, 1);
  EXPECT_LE(threads, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace
}  // namespace assay::engine
