#include "tests/fuzz/limits.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

void UseCpu(double seconds) {
  std::atomic<uint64_t> work = 0;
  const clock_t end = std::clock() + static_cast<clock_t>(seconds * CLOCKS_PER_SEC);
  while (std::clock() < end) ++work;
}

void UseMemory(size_t bytes) {
  std::vector<std::byte> memory(bytes, std::byte{1});
  EXPECT_EQ(memory.back(), std::byte{1});
}

TEST(LimitsTest, AnInputWithinItsLimitsPasses) {
  const Limits limits(Limits::Input::kRequest, 100);
  UseCpu(0.1);
  UseMemory(size_t{100} << 20);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(LimitsDeathTest, ProcessorTimeIsLimited) {
  EXPECT_DEATH(
      {
        const Limits limits(Limits::Input::kRequest, 100);
        UseCpu(0.7);
      },
      "violated: limit on processor time");
}

TEST(LimitsDeathTest, MemoryIsLimitedByTheSizeOfTheInput) {
  constexpr size_t kBytes = size_t{300} << 20;
  EXPECT_DEATH(
      {
        const Limits limits(Limits::Input::kFile, 100);
        UseMemory(kBytes);
      },
      "violated: limit on memory");
  const Limits larger(Limits::Input::kFile, kBytes / 4);
  UseMemory(kBytes);
}
#endif

}  // namespace
}  // namespace assay
