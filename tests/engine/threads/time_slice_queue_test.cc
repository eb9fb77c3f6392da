// Callers that take turns.
#include "engine/threads/time_slice_queue.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace assay::engine {
namespace {

TEST(TurnQueueTest, CallersThatAlwaysWantATurnHaveOneAfterTheOther) {
  constexpr int kCallers = 3;
  constexpr int kTurns = 50;
  TimeSliceQueue queue;
  // Whose turns they were; the queue guards it.
  std::vector<int> turns;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < kTurns; ++i) {
        const TimeSliceQueue::Turn turn = queue.Begin();
        // Until the others wait for theirs, or have had all of them.
        while (i + 1 < kTurns && queue.turns() < turn.number + kCallers) {
          absl::SleepFor(absl::Microseconds(10));
        }
        turns.push_back(caller);
        queue.End();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  ASSERT_EQ(turns.size(), static_cast<size_t>(kCallers * kTurns));
  for (size_t i = kCallers; i + kCallers < turns.size(); ++i) {
    EXPECT_EQ(turns[i], turns[i - kCallers]) << i;
  }
}

TEST(TurnQueueTest, TheWaitIsThatForTheTurnsBefore) {
  constexpr absl::Duration kHeld = absl::Milliseconds(20);
  TimeSliceQueue queue;
  const TimeSliceQueue::Turn first = queue.Begin();
  TimeSliceQueue::Turn second;
  std::thread other([&] {
    second = queue.Begin();
    queue.End();
  });
  while (queue.turns() < 2) absl::SleepFor(absl::Microseconds(10));
  absl::SleepFor(kHeld);
  queue.End();
  other.join();
  EXPECT_LT(first.waited, kHeld);
  EXPECT_GE(second.waited, kHeld);
  EXPECT_EQ(second.number, first.number + 1);
  EXPECT_EQ(second.before, 1);
}

TEST(TurnQueueTest, OthersTurnIsWhatWasWaitedForThem) {
  TimeSliceQueue queue;
  const TimeSliceQueue::Turn first = queue.Begin();
  EXPECT_EQ(queue.OthersTurn(first), absl::ZeroDuration());
  TimeSliceQueue::Turn second;
  std::thread other([&] { second = queue.Begin(); });
  while (queue.turns() < 2) absl::SleepFor(absl::Microseconds(10));
  // Somebody is there, of whom nothing is known.
  EXPECT_GT(queue.OthersTurn(first), absl::ZeroDuration());
  queue.End();
  other.join();
  EXPECT_EQ(queue.OthersTurn(second), absl::ZeroDuration());
  queue.End();
  const TimeSliceQueue::Turn third = {.number = 0, .waited = absl::Milliseconds(12), .before = 3};
  EXPECT_EQ(queue.OthersTurn(third), absl::Milliseconds(4));
}

}  // namespace
}  // namespace assay::engine
