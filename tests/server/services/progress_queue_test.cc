// Progress events between threads.
#include "server/services/progress_queue.h"

#include <optional>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

TEST(ProgressQueueTest, EventsAreTakenInOrderBeforeTheEnd) {
  ProgressQueue<int> queue;
  std::thread maker([&queue] {
    for (int i = 0; i < 10; ++i) {
      queue.Put(i);
      absl::SleepFor(absl::Milliseconds(1));
    }
    queue.Close();
  });
  std::vector<int> taken;
  while (const std::optional<int> event = queue.Take()) taken.push_back(*event);
  maker.join();
  EXPECT_EQ(taken, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(ProgressQueueTest, FullQueueDropsTheOldestAndPutDoesNotBlock) {
  ProgressQueue<int> queue;
  constexpr int kMax = ProgressQueue<int>::kMaxEvents;
  for (int i = 0; i <= kMax; ++i) queue.Put(i);
  queue.Close();
  for (int i = 1; i <= kMax; ++i) EXPECT_EQ(queue.Take(), i);
  EXPECT_EQ(queue.Take(), std::nullopt);
}

// A load may outlive the call that waited for it.
TEST(ProgressQueueTest, PutAfterCloseIsIgnored) {
  ProgressQueue<int> queue;
  queue.Close();
  queue.Put(1);
  EXPECT_EQ(queue.Take(), std::nullopt);
}

}  // namespace
}  // namespace assay::server
