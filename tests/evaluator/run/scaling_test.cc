// Tests of evaluator/run/scaling.
#include "evaluator/run/scaling.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "absl/synchronization/barrier.h"
#include "base/call_context.h"
#include "tests/evaluator/run/fakes.h"

namespace assay::evaluator {
namespace {

TEST(ScalingTest, StreamsRunConcurrentlyAndEveryRequestCounts) {
  FakeGenerator generator;
  FakeMemory memory;
  // The first three requests wait for each other.
  absl::Barrier* barrier = new absl::Barrier(3);
  std::atomic<int> first = 0;
  generator.before_answer = [&](const GenerationJob& /*job*/, const auto& /*context*/) {
    if (++first <= 3 && barrier->Block()) delete barrier;
  };
  generator.generate_errors["bad"] = absl::InternalError("broken");
  const std::vector<GenerationJob> jobs = {{.prompt = "aa"}, {.prompt = "bad"}};
  const ScalingPoint point = MeasureStreams(&generator, &memory, jobs, 3, 2, CallContext());
  EXPECT_EQ(point.level, 3);
  EXPECT_EQ(point.requests, 6);
  EXPECT_EQ(point.failures, 3);
  EXPECT_EQ(point.latency_p50_ms, 1200);
  EXPECT_EQ(point.first_token_p90_ms, 620);
  EXPECT_GT(point.tokens_per_second, 0);
  EXPECT_GT(point.resident_bytes, 1'000'000'000);
}

}  // namespace
}  // namespace assay::evaluator
