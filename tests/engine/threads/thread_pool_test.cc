#include "engine/threads/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <new>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace assay::engine {
namespace {

class ThreadPoolTest : public ::testing::TestWithParam<int> {};

TEST_P(ThreadPoolTest, EveryPieceIsDoneOnceBeforeTheNextLoopBegins) {
  ThreadPool pool(GetParam());
  constexpr int64_t kCount = 1000;
  constexpr int kLoops = 50;
  std::vector<std::atomic<int>> done(kCount);
  std::atomic<int> early = 0;
  for (int run = 0; run < 3; ++run) {
    for (std::atomic<int>& count : done) count = 0;
    pool.Run([&](TeamMember& member) {
      for (int loop = 0; loop < kLoops; ++loop) {
        member.For(kCount, 7, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) {
            // The work of other members in the previous loop is visible here.
            if (done[static_cast<size_t>(kCount - 1 - i)] < loop) ++early;
            ++done[static_cast<size_t>(i)];
          }
        });
      }
    });
    for (const std::atomic<int>& count : done) EXPECT_EQ(count, kLoops);
  }
  EXPECT_EQ(early, 0);
}

// The caller does all the work alone while the others sleep.
TEST_P(ThreadPoolTest, ALateMemberDoesNotDelayTheOthers) {
  ThreadPool pool(GetParam());
  std::atomic<int> pieces = 0;
  std::atomic<int> late = 0;
  const absl::Time start = absl::Now();
  pool.Run([&](TeamMember& member) {
    if (member.index() != 0) absl::SleepFor(absl::Milliseconds(200));
    for (int loop = 0; loop < 100; ++loop) {
      member.For(10, 1, [&](int64_t, int64_t) {
        ++pieces;
        if (absl::Now() - start > absl::Milliseconds(150)) ++late;
      });
    }
  });
  EXPECT_EQ(pieces, 1000);
  EXPECT_EQ(late, 0);
}

TEST_P(ThreadPoolTest, ConcurrentCallersRunOneAtATime) {
  ThreadPool pool(GetParam());
  std::atomic<int> inside = 0;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int n = 0; n < 100; ++n) {
        pool.Run([&](TeamMember& member) {
          if (member.index() == 0 && inside++ != 0) ++wrong;
          member.For(64, 1, [](int64_t, int64_t) {});
          if (member.index() == 0) --inside;
        });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

// The loops are so short that members overtake each other between taking the last piece and
// counting it as done.
TEST_P(ThreadPoolTest, NoMemberLeavesALoopBeforeItIsDone) {
  ThreadPool pool(GetParam());
  constexpr int64_t kPieces = 3;
  constexpr int kLoops = 20000;
  constexpr int kRuns = 100;
  std::vector<std::atomic<int64_t>> done(kLoops);
  std::atomic<int> early = 0;
  for (int run = 1; run <= kRuns; ++run) {
    pool.Run([&](TeamMember& member) {
      for (std::atomic<int64_t>& count : done) {
        member.For(kPieces, 1, [&](int64_t, int64_t) { ++count; });
        if (count < run * kPieces) ++early;
      }
    });
  }
  EXPECT_EQ(early, 0);
  for (const std::atomic<int64_t>& count : done) ASSERT_EQ(count, kRuns * kPieces);
}

// A regression test: an exception on a thread of the pool ended the process.
TEST_P(ThreadPoolTest, AnExceptionOfAPieceIsThrownByRun) {
  ThreadPool pool(GetParam());
  for (int run = 0; run < 200; ++run) {
    std::atomic<int> pieces = 0;
    const auto work = [&](TeamMember& member) {
      for (int loop = 0; loop < 3; ++loop) {
        member.For(40, 1, [&](int64_t begin, int64_t) {
          ++pieces;
          if (run % 2 == 0 && begin % 7 == 3) throw std::bad_alloc();
        });
      }
    };
    if (run % 2 == 0) {
      EXPECT_THROW(pool.Run(work), std::bad_alloc);
    } else {
      EXPECT_NO_THROW(pool.Run(work));
    }
    EXPECT_EQ(pieces, 120);
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, ThreadPoolTest, ::testing::Values(1, 2, 5, 8));

}  // namespace
}  // namespace assay::engine
