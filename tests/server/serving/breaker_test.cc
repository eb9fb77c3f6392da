// The states of a breaker, with a manual clock.
#include "server/serving/breaker.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

using absl::Seconds;

class BreakerTest : public testing::Test {
 protected:
  // Both send one request that ends at once and return true if it was admitted.
  bool Fails() {
    const std::optional<uint64_t> round = breaker_.Admit(now_);
    if (round.has_value()) breaker_.Fail(*round, "DATA_LOSS (truncated)", now_);
    return round.has_value();
  }
  bool Succeeds() {
    const std::optional<uint64_t> round = breaker_.Admit(now_);
    if (round.has_value()) breaker_.Succeed(*round);
    return round.has_value();
  }
  void Open() {
    while (breaker_.state() == BreakerState::kClosed) ASSERT_TRUE(Fails());
  }

  static constexpr BreakerConfig kConfig = {
      .failures = 3, .cool_down = Seconds(10), .longest_cool_down = Seconds(35)};
  Breaker breaker_{kConfig, nullptr};
  Breaker::Time now_ = Seconds(1000);
};

TEST_F(BreakerTest, OpensAfterFailuresInARow) {
  EXPECT_TRUE(Fails());
  EXPECT_TRUE(Fails());
  EXPECT_TRUE(Succeeds());
  EXPECT_EQ(breaker_.failures(), 0);
  EXPECT_EQ(breaker_.last_error(), "");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
    EXPECT_TRUE(Fails());
  }
  EXPECT_EQ(breaker_.state(), BreakerState::kOpen);
  EXPECT_EQ(breaker_.failures(), 3);
  EXPECT_EQ(breaker_.last_error(), "DATA_LOSS (truncated)");
  EXPECT_FALSE(Fails());
  EXPECT_EQ(breaker_.failures(), 3);
}

TEST_F(BreakerTest, AbandonedRequestCountsNeitherWay) {
  Fails();
  Fails();
  breaker_.Abandon(*breaker_.Admit(now_));
  EXPECT_EQ(breaker_.failures(), 2);
  Fails();
  EXPECT_EQ(breaker_.state(), BreakerState::kOpen);
}

TEST_F(BreakerTest, OneTrialRunsAtATimeAfterTheCoolDown) {
  Open();
  EXPECT_EQ(breaker_.RetryAfter(now_), Seconds(10));
  now_ += Seconds(10) - absl::Nanoseconds(1);
  EXPECT_FALSE(breaker_.Admit(now_).has_value());
  now_ += absl::Nanoseconds(1);
  EXPECT_EQ(breaker_.RetryAfter(now_), absl::ZeroDuration());
  const std::optional<uint64_t> trial = breaker_.Admit(now_);
  ASSERT_TRUE(trial.has_value());
  EXPECT_EQ(breaker_.state(), BreakerState::kHalfOpen);
  EXPECT_FALSE(breaker_.Admit(now_).has_value());
  EXPECT_EQ(breaker_.RetryAfter(now_), Breaker::kTrialPoll);
  breaker_.Succeed(*trial);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
  EXPECT_EQ(breaker_.failures(), 0);
  EXPECT_TRUE(breaker_.Admit(now_).has_value());
  EXPECT_TRUE(breaker_.Admit(now_).has_value());
}

TEST_F(BreakerTest, FailedTrialDoublesTheCoolDownUpToTheLongest) {
  Open();
  for (const absl::Duration expected : {Seconds(10), Seconds(20), Seconds(35), Seconds(35)}) {
    EXPECT_EQ(breaker_.RetryAfter(now_), expected);
    now_ += expected;
    EXPECT_TRUE(Fails());
    EXPECT_EQ(breaker_.state(), BreakerState::kOpen);
  }
  now_ += Seconds(35);
  EXPECT_TRUE(Succeeds());
  Open();
  EXPECT_EQ(breaker_.RetryAfter(now_), Seconds(10)) << "a success resets the cool-down";
}

TEST_F(BreakerTest, AbandonedTrialAdmitsTheNext) {
  Open();
  now_ += Seconds(10);
  const std::optional<uint64_t> first = breaker_.Admit(now_);
  breaker_.Abandon(*first);
  EXPECT_EQ(breaker_.state(), BreakerState::kHalfOpen);
  EXPECT_EQ(breaker_.RetryAfter(now_), absl::ZeroDuration());
  const std::optional<uint64_t> second = breaker_.Admit(now_);
  ASSERT_TRUE(second.has_value());
  // A second report of the first trial does not end the second one.
  breaker_.Abandon(*first);
  EXPECT_FALSE(breaker_.Admit(now_).has_value());
  breaker_.Fail(*second, "INTERNAL (again)", now_);
  EXPECT_EQ(breaker_.state(), BreakerState::kOpen);
}

TEST_F(BreakerTest, RequestsFromBeforeTheOpeningChangeNothing) {
  const std::optional<uint64_t> slow = breaker_.Admit(now_);
  const std::optional<uint64_t> slower = breaker_.Admit(now_);
  Open();
  breaker_.Succeed(*slow);
  EXPECT_EQ(breaker_.state(), BreakerState::kOpen);
  now_ += Seconds(10);
  const std::optional<uint64_t> trial = breaker_.Admit(now_);
  breaker_.Fail(*slower, "INTERNAL (late)", now_);
  EXPECT_EQ(breaker_.state(), BreakerState::kHalfOpen);
  breaker_.Succeed(*slower);
  EXPECT_EQ(breaker_.state(), BreakerState::kHalfOpen);
  breaker_.Succeed(*trial);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
}

TEST_F(BreakerTest, ResetClosesAndForgetsFailures) {
  Open();
  now_ += Seconds(10);
  Fails();
  const std::optional<uint64_t> none = breaker_.Admit(now_);
  EXPECT_FALSE(none.has_value());
  breaker_.Reset();
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
  EXPECT_EQ(breaker_.RetryAfter(now_), absl::ZeroDuration());
  Open();
  EXPECT_EQ(breaker_.RetryAfter(now_), Seconds(10));
}

TEST_F(BreakerTest, TrialFromBeforeAResetChangesNothing) {
  Open();
  now_ += Seconds(10);
  const std::optional<uint64_t> trial = breaker_.Admit(now_);
  breaker_.Reset();
  breaker_.Fail(*trial, "INTERNAL (late)", now_);
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
  EXPECT_EQ(breaker_.failures(), 0);
}

TEST_F(BreakerTest, JitterShortensTheCoolDownByUpToATenth) {
  breaker_ = Breaker(kConfig, [] { return 0.5; });
  Open();
  EXPECT_EQ(breaker_.RetryAfter(now_), Seconds(9.5));
  now_ += Seconds(9.5);
  Fails();
  EXPECT_EQ(breaker_.RetryAfter(now_), Seconds(19)) << "doubled before the jitter, not after";
}

TEST_F(BreakerTest, ZeroFailuresMeansItNeverOpens) {
  breaker_ = Breaker({.failures = 0}, nullptr);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(Fails());
  EXPECT_EQ(breaker_.state(), BreakerState::kClosed);
}

}  // namespace
}  // namespace assay::server
