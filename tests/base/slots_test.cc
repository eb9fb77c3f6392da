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
      slots
          .Acquire(CallContext::WithDeadline(absl::Now() + absl::Milliseconds(30)),
                   "inspections are running")
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

}  // namespace
}  // namespace assay
