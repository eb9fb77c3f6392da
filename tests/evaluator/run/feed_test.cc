// Tests of evaluator/run/feed.
#include "evaluator/run/feed.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/patience.h"

namespace assay::evaluator {
namespace {

TEST(QueuedFeedTest, ReturnsNothingAfterTheTimeout) {
  QueuedFeed feed;
  EXPECT_FALSE(feed.Next(absl::Milliseconds(1)).has_value());
}

TEST(QueuedFeedTest, ReplacesUnreadProgressAndKeepsSamples) {
  QueuedFeed feed;
  feed.Push(Progress{.activity = "old"});
  feed.Push(Progress{.activity = "new"});
  feed.Push(Sample{.prompt_id = "s1"});
  feed.Push(Sample{.prompt_id = "s2"});
  EXPECT_EQ(std::get<Progress>(*feed.Next(absl::ZeroDuration())).activity, "new");
  EXPECT_EQ(std::get<Sample>(*feed.Next(absl::ZeroDuration())).prompt_id, "s1");
  EXPECT_EQ(std::get<Sample>(*feed.Next(absl::ZeroDuration())).prompt_id, "s2");
  EXPECT_FALSE(feed.Next(absl::ZeroDuration()).has_value());
}

TEST(QueuedFeedTest, WakesTheReaderAndReturnsAtOnceAfterTheEnd) {
  QueuedFeed feed;
  std::thread writer([&feed] { feed.Push(Evaluation{.id = "ev"}); });
  const auto event = feed.Next(absl::Seconds(30));
  writer.join();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(std::get<Evaluation>(*event).id, "ev");
  const absl::Time before = absl::Now();
  EXPECT_FALSE(feed.Next(absl::Seconds(30)).has_value());
  EXPECT_LT(absl::Now() - before, Patience(absl::Seconds(10)));
}

}  // namespace
}  // namespace assay::evaluator
