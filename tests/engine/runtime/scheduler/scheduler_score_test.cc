// Tests of the scheduler: sequences that are scored beside requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "engine/runtime/scheduler/scheduler.h"
#include "tests/engine/runtime/scheduler/scheduler_fixture.h"

namespace assay::engine {
namespace {

// Returns the call of a step that computes tokens of `text`; null if there is none.
const FakeExecutor::Call* CallOf(const std::vector<FakeExecutor::Call>& step,
                                 const std::vector<TokenId>& text) {
  for (const FakeExecutor::Call& call : step) {
    if (call.tokens.front() >= text.front() && call.tokens.front() <= text.back()) return &call;
  }
  return nullptr;
}

class SchedulerScoreTest : public SchedulerFixture {
 protected:
  // Scores a text on a thread of its own; its first step blocks until go_.
  std::thread ScoreBlocked(const std::vector<TokenId>& text) {
    blocks_ = true;
    std::thread scoring([this, &text] {
      EXPECT_EQ(scheduler_->Score(text, 1, CallContext())->size(), text.size() - 1);
    });
    started_.WaitForNotification();
    return scoring;
  }

  // Expects that a request that arrives while the text is scored is not preempted, and generates
  // the tokens that it generates alone.
  void ExpectUndisturbedBeside(const std::vector<TokenId>& text, const GenerationRequest& request) {
    std::thread scoring = ScoreBlocked(text);
    const auto stream = Submit(request);
    go_.Notify();
    scoring.join();
    const auto result = ReadToEnd(*stream);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->preemptions, 0);
    EXPECT_EQ(result->tokens, Alone(request));
  }

  std::vector<TokenId> text_ = TokensFrom(2000, 201);
};

TEST_F(SchedulerScoreTest, EachTokenIsScoredByTheTextBeforeIt) {
  Start({.prefill_chunk = 48});
  text_[150] = Mixed({text_.begin(), text_.begin() + 150});
  const auto scores = scheduler_->Score(text_, 101, CallContext());
  ASSERT_TRUE(scores.ok()) << scores.status();
  ASSERT_EQ(scores->size(), 100U);
  for (int64_t t = 101; t < 201; ++t) {
    const TokenScore& score = (*scores)[static_cast<size_t>(t - 101)];
    EXPECT_EQ(score.log_probability, Mixed({text_.begin(), text_.begin() + t})) << t;
    EXPECT_EQ(score.greedy, t == 150) << t;
  }
  EXPECT_EQ(scheduler_->free_pages(), 64);
}

TEST_F(SchedulerScoreTest, DecodingStepsAreNotDelayedByScoring) {
  Start({.prefill_chunk = 32});
  std::thread scoring = ScoreBlocked(text_);
  const auto writer = Submit(Request({1}, 200));
  go_.Notify();
  scoring.join();
  ASSERT_TRUE(ReadToEnd(*writer).ok());
  for (size_t i = 1; i < executor_->steps.size(); ++i) {
    if (CallOf(executor_->steps[i], text_) != nullptr) {
      EXPECT_EQ(executor_->steps[i].size(), 2U) << i;
    }
  }
  // The cost of steps is not known yet: the first mixed step has three prompt tokens.
  EXPECT_EQ(CallOf(executor_->steps[2], text_)->tokens.size(), 3U);
}

TEST_F(SchedulerScoreTest, ScoringStepsAreShortBesideOtherModels) {
  Start({.prefill_chunk = 200});
  executor_->shared = true;
  ASSERT_TRUE(scheduler_->Score(text_, 1, CallContext()).ok());
  EXPECT_EQ(executor_->steps[0][0].tokens.size(), 8U);
}

TEST_F(SchedulerScoreTest, PromptsAndScoredTextsShareSteps) {
  Start({.prefill_chunk = 32});
  std::thread scoring = ScoreBlocked(text_);
  const std::vector<TokenId> prompt = TokensFrom(0, 200);
  const auto request = Submit(Request(prompt, 1));
  go_.Notify();
  scoring.join();
  ASSERT_TRUE(ReadToEnd(*request).ok());
  for (int i : {1, 2, 3, 4}) {
    const auto& step = executor_->steps[static_cast<size_t>(i)];
    EXPECT_NE(CallOf(step, text_), nullptr) << i;
    EXPECT_NE(CallOf(step, prompt), nullptr) << i;
  }
}

TEST_F(SchedulerScoreTest, OnlyScoredTokensHaveLogits) {
  Start({.prefill_chunk = 64});
  ASSERT_TRUE(scheduler_->Score(text_, 190, CallContext()).ok());
  int64_t rows = 0;
  for (const auto& step : executor_->steps) rows += step[0].logits;
  EXPECT_EQ(rows, 11);
}

TEST_F(SchedulerScoreTest, AStepHasAtMostMaxRows) {
  Start({.max_running = 2, .prefill_chunk = 200});
  std::thread scoring = ScoreBlocked(text_);
  const auto writer = Submit(Request({1}, 100));
  go_.Notify();
  scoring.join();
  ASSERT_TRUE(ReadToEnd(*writer).ok());
  int64_t max_rows = 0;
  for (const auto& step : executor_->steps) {
    int64_t rows = 0;
    for (const auto& call : step) rows += call.logits;
    max_rows = std::max(max_rows, rows);
  }
  EXPECT_EQ(max_rows, Scheduler::MaxRows(2));
}

TEST_F(SchedulerScoreTest, ARequestThatDoesNotFitWaitsForTheEndOfScoring) {
  Start({.prefill_chunk = 8}, /*pages=*/8);
  ExpectUndisturbedBeside(text_, Request(TokensFrom(0, 100), 5));
  // 25 steps for the text, 13 for the prompt, 4 for tokens.
  EXPECT_EQ(executor_->steps.size(), 42U);
}

TEST_F(SchedulerScoreTest, ARequestThatNeedsScoringPagesIsNotPreempted) {
  Start({.prefill_chunk = 8}, /*pages=*/8);
  ExpectUndisturbedBeside(TokensFrom(2000, 191), Request({1}, 120));
  EXPECT_EQ(scheduler_->free_pages(), 8);
}

// Otherwise an endless series of scored texts would keep a request from running.
TEST_F(SchedulerScoreTest, TheNextTextWaitsForTheRequestThatTheFirstBlocks) {
  Start({.prefill_chunk = 8}, /*pages=*/9);
  const std::vector<TokenId> text = TokensFrom(2000, 101);
  std::thread first = ScoreBlocked(text);
  const std::vector<TokenId> prompt = TokensFrom(0, 170);
  const auto request = Submit(Request(prompt, 5));
  // It would fit beside the first text, and begin in its last step.
  const std::vector<TokenId> next = TokensFrom(3000, 65);
  std::thread second([&] { EXPECT_TRUE(scheduler_->Score(next, 1, CallContext()).ok()); });
  absl::SleepFor(kShort);
  go_.Notify();
  first.join();
  second.join();
  ASSERT_TRUE(ReadToEnd(*request).ok());
  const auto begin_of = [&](const std::vector<TokenId>& tokens) {
    return std::find_if(executor_->steps.begin(), executor_->steps.end(),
                        [&](const auto& step) { return CallOf(step, tokens) != nullptr; });
  };
  EXPECT_LE(begin_of(prompt), begin_of(next));
}

TEST_F(SchedulerScoreTest, ATextWaitsForThePagesOfTheTextBeforeIt) {
  Start({.prefill_chunk = 8}, /*pages=*/8);
  std::thread first = ScoreBlocked(text_);
  const std::vector<TokenId> next = TokensFrom(3000, 201);
  std::thread second([&] { EXPECT_TRUE(scheduler_->Score(next, 1, CallContext()).ok()); });
  absl::SleepFor(kShort);
  go_.Notify();
  first.join();
  second.join();
}

TEST_F(SchedulerScoreTest, ATextThatDoesNotFitBesideRequestsIsRefused) {
  Start({.prefix_cache = false}, /*pages=*/8);
  std::atomic<bool> refused = false;
  executor_->before_run = [&] {
    if (!started_.HasBeenNotified()) started_.Notify();
    if (!refused) absl::SleepFor(absl::Milliseconds(10));
  };
  const auto request = Submit(Request(TokensFrom(0, 100), 150));
  started_.WaitForNotification();
  EXPECT_TRUE(absl::IsResourceExhausted(scheduler_->Score(text_, 1, CallContext()).status()));
  refused = true;
  EXPECT_TRUE(ReadToEnd(*request).ok());
}

TEST_F(SchedulerScoreTest, RunAloneIsRefusedWhileATextHasPages) {
  Start({.prefill_chunk = 1});
  executor_->before_run = [this] {
    if (executor_->steps.size() == 1) started_.Notify();
    if (executor_->steps.size() >= 1) absl::SleepFor(absl::Milliseconds(1));
  };
  std::thread scoring([&] { EXPECT_TRUE(scheduler_->Score(text_, 1, CallContext()).ok()); });
  started_.WaitForNotification();
  const absl::Status alone = scheduler_->RunAlone([](ModelExecutor&) { return absl::OkStatus(); });
  EXPECT_TRUE(absl::IsFailedPrecondition(alone)) << alone;
  EXPECT_LT(scheduler_->free_pages(), 64);
  scoring.join();
  EXPECT_EQ(scheduler_->free_pages(), 64);
}

TEST_F(SchedulerScoreTest, NonFiniteLogitsEndOnlyTheirOwnText) {
  Start({.prefill_chunk = 48});
  const std::vector<TokenId> broken = TokensFrom(3000, 201);
  blocks_ = true;
  std::thread scoring(
      [&] { EXPECT_TRUE(absl::IsInternal(scheduler_->Score(broken, 1, CallContext()).status())); });
  started_.WaitForNotification();
  executor_->broken = 3100;
  std::thread other([&] { EXPECT_EQ(scheduler_->Score(text_, 1, CallContext())->size(), 200U); });
  const GenerationRequest request = Request(TokensFrom(0, 100), 5);
  const auto stream = Submit(request);
  go_.Notify();
  scoring.join();
  other.join();
  const auto result = ReadToEnd(*stream);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->tokens, Alone(request));
  EXPECT_EQ(scheduler_->free_pages(), 64);
}

TEST_F(SchedulerScoreTest, ErrorsEndScoringAndFreeItsPages) {
  Start({.prefill_chunk = 8});
  int checks = 0;
  const CallContext twice([&checks] { return ++checks > 2; });
  EXPECT_TRUE(absl::IsCancelled(scheduler_->Score(text_, 1, twice).status()));
  EXPECT_EQ(executor_->steps.size(), 2U);
  executor_->error = absl::ResourceExhaustedError("out of memory");
  EXPECT_TRUE(absl::IsResourceExhausted(scheduler_->Score(text_, 1, CallContext()).status()));
  EXPECT_EQ(scheduler_->free_pages(), 64);
}

}  // namespace
}  // namespace assay::engine
