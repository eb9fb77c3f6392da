#include "base/slots.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/mutex_lock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(SlotsTest, NoMoreThanTheCountAreInAtOnce) {
  Slots slots(2);
  std::atomic<int> in = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto slot = slots.Acquire(CallContext(), "are in");
      ASSERT_TRUE(slot.ok()) << slot.status();
      const int now = ++in;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      absl::SleepFor(absl::Milliseconds(20));
      --in;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 2);
}

TEST(SlotsTest, WaitingEndsWithTheCall) {
  Slots slots(1);
  auto held = slots.Acquire(CallContext(), "inspections are running");
  ASSERT_TRUE(held.ok());
  const absl::Status late =
      slots.Acquire(CallContext::WithTimeout(absl::Milliseconds(30)), "inspections are running")
          .status();
  EXPECT_EQ(late.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(late.message()), testing::HasSubstr("1 inspections are running"));
  EXPECT_EQ(slots.Acquire(CallContext([] { return true; }), "are in").status().code(),
            absl::StatusCode::kCancelled);
  // A slot that moved is released once.
  Slots::Slot moved = *std::move(held);
  moved = Slots::Slot();
  EXPECT_TRUE(slots.Acquire(CallContext(), "are in").ok());
}

// Six calls wait. The only one of the quiet caller is the second to get the slot.
TEST(SlotsTest, ManyCallsOfOneCallerDoNotDelayAnother) {
  Slots slots(1);
  absl::Mutex mutex;
  std::vector<std::string> order;
  auto held = slots.Acquire(CallContext().For({.id = "greedy"}), "are in");
  ASSERT_TRUE(held.ok());
  std::atomic<int> begun = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, id = std::string(i < 5 ? "greedy" : "quiet")] {
      const CallContext context = CallContext().For({.id = id});
      ++begun;
      const auto slot = slots.Acquire(context, "are in");
      ASSERT_TRUE(slot.ok());
      const MutexLock lock(mutex);
      order.push_back(id);
    });
  }
  while (begun < 6) absl::SleepFor(absl::Milliseconds(1));
  // Until all of them wait.
  absl::SleepFor(absl::Milliseconds(100));
  *held = Slots::Slot();
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(order.size(), 6U);
  EXPECT_THAT(order[0] + order[1], testing::HasSubstr("quiet"));
}

}  // namespace
}  // namespace assay
