// Tests the memory probes by allocating and freeing memory.
#include "server/telemetry/process_memory.h"

#include <cstring>
#include <memory>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

constexpr int64_t kBlock = int64_t{96} << 20;
constexpr int64_t kSlack = int64_t{16} << 20;

void TouchBlock() {
  std::vector<char> block(kBlock, 1);
  volatile char sink = block[kBlock / 2];
  (void)sink;
  absl::SleepFor(absl::Milliseconds(60));
}

void ExpectMeasuresAndResetsThePeak(evaluator::MemoryProbe* probe) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer keeps freed memory";
#endif
  probe->ResetPeak();
  const int64_t before = probe->ResidentBytes();
  ASSERT_GT(before, 0);
  TouchBlock();
  EXPECT_GT(probe->PeakBytes(), before + kBlock - kSlack);
  EXPECT_LT(probe->ResidentBytes(), before + kSlack);
  probe->ResetPeak();
  EXPECT_LT(probe->PeakBytes(), before + kSlack);
}

TEST(ProcessMemoryTest, MeasuresAndResetsThePeak) {
  ExpectMeasuresAndResetsThePeak(MakeProcessMemoryProbe().get());
}

TEST(ProcessMemoryTest, SamplingProbeMeasuresAndResetsThePeak) {
  ExpectMeasuresAndResetsThePeak(MakeSamplingMemoryProbe().get());
}

}  // namespace
}  // namespace assay::server
