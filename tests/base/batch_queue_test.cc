// Tests of the queue whose items are handled in batches.
#include "base/batch_queue.h"

#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::Duration kLong = absl::Seconds(60);

// Collects the batches that a queue hands over.
class Batches {
 public:
  BatchQueue<int>::Handler Handler() {
    return [this](std::vector<int> batch) {
      const MutexLock lock(mutex_);
      all_.push_back(std::move(batch));
      return !fails_;
    };
  }
  std::vector<std::vector<int>> all() {
    const MutexLock lock(mutex_);
    return all_;
  }
  void Fail() {
    const MutexLock lock(mutex_);
    fails_ = true;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::vector<int>> all_ ABSL_GUARDED_BY(mutex_);
  bool fails_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST(BatchQueueTest, ItemsWaitForOthersAndKeepTheirOrder) {
  Batches batches;
  BatchQueue<int> queue({.batch_interval = kLong}, batches.Handler());
  for (int i = 0; i < 3; ++i) queue.Push(i);
  EXPECT_THAT(batches.all(), IsEmpty());
  queue.Flush(kLong);
  EXPECT_THAT(batches.all(), ElementsAre(ElementsAre(0, 1, 2)));
  queue.Push(3);
  queue.Flush(kLong);
  EXPECT_THAT(batches.all(), SizeIs(2));
  EXPECT_EQ(queue.counts().handled, 4);
  EXPECT_EQ(queue.counts().dropped, 0);
}

TEST(BatchQueueTest, TheEndHandlesWhatWaits) {
  Batches batches;
  {
    BatchQueue<int> queue({.batch_interval = kLong, .idle_interval = kLong}, batches.Handler());
    queue.Push(7);
  }
  ASSERT_FALSE(batches.all().empty());
  EXPECT_THAT(batches.all().back(), ElementsAre(7));
}

TEST(BatchQueueTest, AFullQueueAndAFailedHandlerLoseItemsAndCountThem) {
  Batches batches;
  BatchQueue<int> queue({.max_waiting = 2, .batch_interval = kLong}, batches.Handler());
  for (int i = 0; i < 5; ++i) queue.Push(i);
  EXPECT_EQ(queue.counts().dropped, 3);
  queue.Flush(kLong);
  batches.Fail();
  queue.Push(5);
  queue.Flush(kLong);
  EXPECT_EQ(queue.counts().handled, 2);
  EXPECT_EQ(queue.counts().dropped, 4);
}

TEST(BatchQueueTest, AnIdleQueueCallsItsHandlerWithNothing) {
  Batches batches;
  BatchQueue<int> queue({.idle_interval = absl::Milliseconds(5)}, batches.Handler());
  for (int i = 0; i < 1000 && batches.all().size() < 3; ++i) absl::SleepFor(absl::Milliseconds(10));
  ASSERT_GE(batches.all().size(), 3U);
  EXPECT_THAT(batches.all().front(), IsEmpty());
}

TEST(BatchQueueTest, FlushIfWaitsOnlyForItemsThatMatch) {
  Batches batches;
  BatchQueue<int> queue({.batch_interval = kLong}, batches.Handler());
  queue.Push(1);
  queue.FlushIf([](int item) { return item == 2; }, kLong);
  EXPECT_THAT(batches.all(), IsEmpty());
  queue.FlushIf([](int item) { return item == 1; }, kLong);
  EXPECT_THAT(batches.all(), SizeIs(1));
}

// A batch that is being handled may have the item.
TEST(BatchQueueTest, FlushIfWaitsForABatchThatIsBeingHandled) {
  absl::Notification begun;
  absl::Notification go_on;
  std::atomic<bool> handled = false;
  BatchQueue<int> queue({.batch_interval = absl::ZeroDuration()}, [&](std::vector<int> batch) {
    if (batch.empty()) return true;
    begun.Notify();
    go_on.WaitForNotification();
    handled = true;
    return true;
  });
  queue.Push(1);
  begun.WaitForNotification();
  queue.FlushIf([](int) { return false; }, absl::Milliseconds(20));
  EXPECT_FALSE(handled);
  go_on.Notify();
  queue.FlushIf([](int) { return false; }, kLong);
  EXPECT_TRUE(handled);
}

TEST(BatchQueueTest, PushDoesNotWaitForTheHandler) {
  absl::Notification go_on;
  BatchQueue<int> queue({.max_waiting = 1'000'000, .batch_interval = absl::ZeroDuration()},
                        [&](std::vector<int>) {
                          go_on.WaitForNotification();
                          return true;
                        });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&queue] {
      for (int item = 0; item < 1000; ++item) queue.Push(item);
    });
  }
  for (std::thread& thread : threads) thread.join();
  go_on.Notify();
  queue.Flush(kLong);
  EXPECT_EQ(queue.counts().handled, 4000);
}

}  // namespace
}  // namespace assay
