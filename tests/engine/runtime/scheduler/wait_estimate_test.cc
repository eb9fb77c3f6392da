// Tests of the estimate of waits.
#include "engine/runtime/scheduler/wait_estimate.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/fair_share.h"

namespace assay::engine {
namespace {

using Work = WaitEstimate::Work;

constexpr absl::Duration kToken = absl::Milliseconds(10);
constexpr absl::Duration kPromptToken = absl::Milliseconds(1);

class WaitEstimateTest : public ::testing::Test {
 protected:
  // A request of the caller, with its place in `callers_`.
  Work Request(const char* caller, int64_t tokens, int64_t prompt = 0, int priority = 0) {
    return {.account = callers_.Arrive({.id = caller, .share = share_}),
            .number = number_++,
            .priority = priority,
            .prompt_tokens = prompt,
            .max_tokens = tokens};
  }
  Work Running(const char* caller, int64_t tokens, int64_t prompt = 0, int priority = 0) {
    Work work = Request(caller, tokens, prompt, priority);
    callers_.Start(const_cast<FairShare::Account*>(work.account));
    return work;
  }
  absl::Duration Expected(const char* caller, const std::vector<Work>& waiting = {},
                          int priority = 0, double share = 1) {
    return estimate_.Expected(caller, share, priority, callers_, waiting);
  }
  void Start(int places, std::vector<Work> running) {
    estimate_.SetRunning(std::move(running), places);
    estimate_.SetPace({.prompt_token = kPromptToken, .generated_token = kToken});
  }

  FairShare callers_;
  WaitEstimate estimate_{4};
  int64_t number_ = 0;
  // The share of the callers of further requests.
  double share_ = 1;
};

TEST_F(WaitEstimateTest, ARequestWithAFreePlaceDoesNotWait) {
  EXPECT_EQ(Expected("a"), absl::ZeroDuration());
  Start(2, {Running("a", 100)});
  EXPECT_EQ(Expected("a"), absl::ZeroDuration());
}

TEST_F(WaitEstimateTest, WithoutAPaceThereIsNoWait) {
  estimate_.SetRunning({Running("a", 100)}, 1);
  EXPECT_EQ(Expected("a"), absl::ZeroDuration());
}

// Two run together, each at half the speed: the shorter has 40 tokens left, that is 0.8 s.
TEST_F(WaitEstimateTest, TheFirstRequestThatEndsMakesPlace) {
  Start(2, {Running("a", 100), Running("a", 40)});
  EXPECT_EQ(Expected("a"), 2 * 40 * kToken);
  // The next one takes that place for 2 x (20 prompt tokens and 30 tokens); the other one is free
  // after 2 x 100 tokens.
  const std::vector<Work> waiting = {Request("a", 30, 20)};
  EXPECT_EQ(Expected("a", waiting), 2 * (70 * kToken + 20 * kPromptToken));
  EXPECT_EQ(estimate_.Backlog(waiting), 2 * (70 * kToken + 20 * kPromptToken));
}

TEST_F(WaitEstimateTest, LowerPrioritiesOfTheCallerDoNotCount) {
  Start(1, {Running("a", 100, 0, 1)});
  const std::vector<Work> waiting = {Request("a", 50, 0, 0)};
  EXPECT_EQ(Expected("a", waiting, 0), 150 * kToken);
  EXPECT_EQ(Expected("a", waiting, 1), 100 * kToken);
  EXPECT_EQ(Expected("a", waiting, 2), absl::ZeroDuration());
}

TEST_F(WaitEstimateTest, AnotherCallersQueueDoesNotDelayAQuietOne) {
  Start(4, {Running("greedy", 900), Running("greedy", 900), Running("greedy", 900),
            Running("greedy", 900)});
  std::vector<Work> waiting;
  for (int i = 0; i < 50; ++i) waiting.push_back(Request("greedy", 900));
  EXPECT_EQ(Expected("quiet", waiting), absl::ZeroDuration());
  EXPECT_GT(Expected("greedy", waiting), absl::Seconds(400));
}

// Four places for shares of 1 and 3: one and three.
TEST_F(WaitEstimateTest, PlacesAreDividedByShare) {
  std::vector<Work> running = {Running("a", 100)};
  std::vector<Work> waiting = {Request("a", 10)};
  share_ = 3;
  for (int i = 0; i < 3; ++i) running.push_back(Running("b", 100));
  for (int i = 0; i < 2; ++i) waiting.push_back(Request("b", 10));
  Start(4, std::move(running));
  EXPECT_EQ(Expected("a", waiting), 4 * 110 * kToken);
  EXPECT_EQ(Expected("b", waiting, 0, 3), 4 * 100 * kToken);
}

TEST_F(WaitEstimateTest, LengthsAreLearned) {
  Start(1, {Running("a", 100)});
  for (int i = 0; i < 200; ++i) estimate_.RecordText(30, 100);
  EXPECT_NEAR(estimate_.used_part(), 0.3, 0.001);
  EXPECT_NEAR(absl::FDivDuration(Expected("a"), kToken), 30, 0.1);
}

TEST_F(WaitEstimateTest, ARequestThatLeftDoesNotCount) {
  const Work left = Running("a", 100);
  Start(1, {left});
  callers_.LeaveRunning(const_cast<FairShare::Account*>(left.account));
  estimate_.Remove(left.number);
  EXPECT_EQ(Expected("a"), absl::ZeroDuration());
}

}  // namespace
}  // namespace assay::engine
