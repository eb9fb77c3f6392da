#include "engine/threads/time_slice_queue.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace assay::engine {
namespace {

TEST(TimeSliceQueueTest, CallersThatAlwaysWaitAlternate) {
  constexpr int kCallers = 3;
  constexpr int kSlices = 50;
  TimeSliceQueue queue;
  // The caller of each time slice; guarded by the queue.
  std::vector<int> order;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < kSlices; ++i) {
        const TimeSliceQueue::Slice slice = queue.Acquire();
        // Waits until the others wait for their slices, or have had all of them.
        while (i + 1 < kSlices && queue.requested() < slice.number + kCallers) {
          absl::SleepFor(absl::Microseconds(10));
        }
        order.push_back(caller);
        queue.Release();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  ASSERT_EQ(order.size(), static_cast<size_t>(kCallers * kSlices));
  for (size_t i = kCallers; i + kCallers < order.size(); ++i) {
    EXPECT_EQ(order[i], order[i - kCallers]) << i;
  }
}

TEST(TimeSliceQueueTest, TheWaitIsMeasuredFromArrival) {
  constexpr absl::Duration kHeld = absl::Milliseconds(20);
  TimeSliceQueue queue;
  const TimeSliceQueue::Slice first = queue.Acquire();
  TimeSliceQueue::Slice second;
  std::thread other([&] {
    second = queue.Acquire();
    queue.Release();
  });
  while (queue.requested() < 2) absl::SleepFor(absl::Microseconds(10));
  absl::SleepFor(kHeld);
  queue.Release();
  other.join();
  EXPECT_LT(first.waited, kHeld);
  EXPECT_GE(second.waited, kHeld);
  EXPECT_EQ(second.number, first.number + 1);
  EXPECT_EQ(second.before, 1);
}

TEST(TimeSliceQueueTest, ContentionIntervalIsTheAverageWaitPerSlice) {
  TimeSliceQueue queue;
  const TimeSliceQueue::Slice first = queue.Acquire();
  EXPECT_EQ(queue.ContentionInterval(first), absl::ZeroDuration());
  TimeSliceQueue::Slice second;
  std::thread other([&] { second = queue.Acquire(); });
  while (queue.requested() < 2) absl::SleepFor(absl::Microseconds(10));
  // Another caller waits, and the duration of its slices is not known yet.
  EXPECT_GT(queue.ContentionInterval(first), absl::ZeroDuration());
  queue.Release();
  other.join();
  EXPECT_EQ(queue.ContentionInterval(second), absl::ZeroDuration());
  queue.Release();
  const TimeSliceQueue::Slice third = {.number = 0, .waited = absl::Milliseconds(12), .before = 3};
  EXPECT_EQ(queue.ContentionInterval(third), absl::Milliseconds(4));
}

}  // namespace
}  // namespace assay::engine
