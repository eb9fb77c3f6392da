// Tests of the scheduler: many requests at once.
#include "engine/runtime/scheduler/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "tests/engine/runtime/scheduler/scheduler_fixture.h"

namespace assay::engine {
namespace {

using ::testing::HasSubstr;

using SchedulerTest = SchedulerFixture;

TEST_F(SchedulerTest, TextComesBeforeTheResultAndNothingAfterIt) {
  Start();
  executor_->next = [](const std::vector<TokenId>& text) { return TokenId(text.size()); };
  const auto stream = Submit(Request({5}, 3));
  std::string text;
  for (int i = 0; i < 3; ++i) {
    auto event = stream->Next(kLong);
    ASSERT_TRUE(event.has_value());
    ASSERT_TRUE(std::holds_alternative<TextEvent>(*event));
    text += std::get<TextEvent>(*event).text;
  }
  EXPECT_EQ(text, "t1 t2 t3 ");
  const auto result = ReadToEnd(*stream);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text, text);
  EXPECT_EQ(scheduler_->running(), 0);
  const absl::Time before = absl::Now();
  EXPECT_FALSE(stream->Next(kLong).has_value());
  EXPECT_LT(absl::Now() - before, kLong / 2);
}

TEST_F(SchedulerTest, RequestsThatArriveDuringAStepRunTogether) {
  Start();
  const auto first = SubmitBlocked(10);
  std::vector<std::shared_ptr<GenerationStream>> others;
  for (TokenId i = 0; i < 5; ++i) others.push_back(Submit(Request({i, 7, i}, 10)));
  EXPECT_EQ(scheduler_->running(), 1);
  EXPECT_EQ(scheduler_->waiting(), 5);
  go_.Notify();
  for (const auto& stream : others) ASSERT_TRUE(ReadToEnd(*stream).ok());
  ASSERT_TRUE(ReadToEnd(*first).ok());
  size_t widest = 0;
  for (const auto& step : executor_->steps) widest = std::max(widest, step.size());
  EXPECT_EQ(widest, 6U);
  // Ten steps for tokens, and those of the prompts.
  EXPECT_LT(executor_->steps.size(), 20U);
}

// The prompts share prefixes and there are too few pages for all: prefixes are reused and evicted,
// requests are preempted and recomputed.
TEST_F(SchedulerTest, RequestsGenerateTheSameTokensAsAlone) {
  Start({.max_running = 8, .max_waiting = 1000, .prefill_chunk = 48}, /*pages=*/10);
  std::vector<GenerationRequest> requests;
  for (int i = 0; i < 60; ++i) {
    std::vector<TokenId> prompt = TokensFrom(0, 20 * (i % 7));
    const std::vector<TokenId> own = TokensFrom(static_cast<TokenId>(100 * i), 1 + i % 5);
    prompt.insert(prompt.end(), own.begin(), own.end());
    requests.push_back(Request(prompt, 1 + (i * 13) % 90, i % 3));
  }
  std::vector<std::shared_ptr<GenerationStream>> streams;
  for (const GenerationRequest& request : requests) streams.push_back(Submit(request));
  int cached = 0;
  for (size_t i = 0; i < requests.size(); ++i) {
    const auto result = ReadToEnd(*streams[i]);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->tokens, Alone(requests[i])) << i;
    cached += result->cached_tokens;
  }
  EXPECT_GT(cached, 0);
  EXPECT_EQ(scheduler_->free_pages(), 10);
}

// The text repeats itself, so that draft tokens are often accepted, with tokens that break the
// cycle.
TEST_F(SchedulerTest, DraftsDoNotChangeTheTokens) {
  Start({.max_running = 4, .max_waiting = 1000, .draft_tokens = 7}, /*pages=*/12);
  const auto next = [](const std::vector<TokenId>& text) {
    return TokenId(text.size() % 41 == 0 ? 999 + text.size() : (text.back() * 7 + 3) % 11);
  };
  executor_->next = next;
  // Enough texts that some have drafts even on a busy machine, where steps take long.
  constexpr TokenId kTexts = 100;
  std::vector<std::shared_ptr<GenerationStream>> streams;
  for (TokenId i = 0; i < kTexts; ++i) streams.push_back(Submit(Request({i, i}, 20 * (i % 5) + 1)));
  int drafted = 0;
  int accepted = 0;
  for (TokenId i = 0; i < kTexts; ++i) {
    const auto result = ReadToEnd(*streams[static_cast<size_t>(i)]);
    ASSERT_TRUE(result.ok()) << result.status();
    std::vector<TokenId> text = {i, i};
    while (text.size() < 2 + static_cast<size_t>(20 * (i % 5) + 1)) text.push_back(next(text));
    EXPECT_EQ(result->tokens, std::vector<TokenId>(text.begin() + 2, text.end())) << i;
    drafted += result->drafted_tokens;
    accepted += result->accepted_tokens;
  }
  EXPECT_GT(accepted, 0);
  EXPECT_GT(drafted, accepted);
}

TEST_F(SchedulerTest, RejectedDraftsAreNotCachedAsPrefixes) {
  Start({.draft_tokens = 7});
  // The text repeats itself up to token 60.
  const auto next = [](const std::vector<TokenId>& text) {
    return TokenId(text.size() < 60 ? text.size() % 5 : text.size());
  };
  executor_->next = next;
  const auto first = ReadToEnd(*Submit(Request({0}, 90)));
  ASSERT_TRUE(first.ok());
  EXPECT_GT(first->accepted_tokens, 0);
  std::vector<TokenId> text = {0};
  text.insert(text.end(), first->tokens.begin(), first->tokens.end());
  const auto second = ReadToEnd(*Submit(Request(text, 20)));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->cached_tokens, 64);
  executor_->next = Mixed;
  const auto mixed = ReadToEnd(*Submit(Request(text, 20)));
  EXPECT_EQ(mixed->tokens, Alone(Request(text, 20)));
}

TEST_F(SchedulerTest, ACachedPrefixIsNotRecomputed) {
  Start({.prefill_chunk = 256});
  const std::vector<TokenId> prompt = TokensFrom(0, 100);
  ASSERT_TRUE(ReadToEnd(*Submit(Request(prompt, 2))).ok());
  const size_t before = executor_->steps.size();
  const auto again = ReadToEnd(*Submit(Request(prompt, 2)));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->cached_tokens, 96);
  EXPECT_EQ(executor_->steps[before][0].position, 96);
  EXPECT_EQ(executor_->steps[before][0].tokens.size(), 4U);
  // A token is left to compute even if all pages are cached.
  const auto shorter = ReadToEnd(*Submit(Request(TokensFrom(0, 64), 1)));
  EXPECT_EQ(shorter->cached_tokens, 32);
  const auto other = ReadToEnd(*Submit(Request(TokensFrom(1, 100), 1)));
  EXPECT_EQ(other->cached_tokens, 0);
}

TEST_F(SchedulerTest, WithoutAPrefixCacheTheWholePromptIsComputed) {
  Start({.prefix_cache = false});
  for (int i = 0; i < 2; ++i) {
    const auto result = ReadToEnd(*Submit(Request(TokensFrom(0, 100), 1)));
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->cached_tokens, 0);
  }
}

// A measurement that reuses the prefix of the previous one would measure the cache.
TEST_F(SchedulerTest, AMeasuredRequestNeitherReusesNorLeavesAPrefix) {
  Start({.prefill_chunk = 256});
  GenerationRequest measured = Request(TokensFrom(0, 100), 2);
  measured.reuse_prefix = false;
  ASSERT_TRUE(ReadToEnd(*Submit(measured)).ok());
  const auto first = ReadToEnd(*Submit(Request(TokensFrom(0, 100), 2)));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->cached_tokens, 0);
  const size_t before = executor_->steps.size();
  const auto again = ReadToEnd(*Submit(measured));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->cached_tokens, 0);
  EXPECT_EQ(executor_->steps[before][0].position, 0);
  EXPECT_EQ(again->tokens, first->tokens);
}

TEST_F(SchedulerTest, ALongPromptIsPrefilledInChunksBesideDecoding) {
  Start({.prefill_chunk = 200});
  const auto writer = SubmitBlocked(100);
  const auto reader = Submit(Request(TokensFrom(0, 200), 1));
  go_.Notify();
  ASSERT_TRUE(ReadToEnd(*reader).ok());
  ASSERT_TRUE(ReadToEnd(*writer).ok());
  size_t pieces = 0;
  for (const auto& step : executor_->steps) {
    if (step.size() == 2) ++pieces;
    for (const auto& call : step) EXPECT_LE(call.tokens.size(), 100U);
  }
  EXPECT_GT(pieces, 2U);
}

TEST_F(SchedulerTest, PrefillStepsAreShortBesideOtherModels) {
  Start({.prefill_chunk = 200});
  executor_->shared = true;
  ASSERT_TRUE(ReadToEnd(*Submit(Request(TokensFrom(0, 200), 1))).ok());
  ASSERT_GE(executor_->steps.size(), 2U);
  EXPECT_EQ(executor_->steps[0][0].tokens.size(), 8U);
}

TEST_F(SchedulerTest, HigherPriorityRunsFirst) {
  Start({.max_running = 1});
  const auto first = SubmitBlocked();
  const auto low = Submit(Request({2}, 1, -1));
  const auto normal = Submit(Request({3}, 1));
  const auto high = Submit(Request({4}, 1, 5));
  go_.Notify();
  ASSERT_TRUE(ReadToEnd(*low).ok());
  std::vector<TokenId> order;
  for (const auto& step : executor_->steps) order.push_back(step[0].tokens[0]);
  EXPECT_THAT(order, ::testing::ElementsAre(1, 4, 3, 2));
}

TEST_F(SchedulerTest, ARequestOfHigherPriorityPreemptsForASlot) {
  Start({.max_running = 1});
  const auto low = SubmitBlocked(50);
  const auto high = Submit(Request({4}, 2, 1));
  go_.Notify();
  ASSERT_TRUE(ReadToEnd(*high).ok());
  const auto result = ReadToEnd(*low);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->preemptions, 1);
  EXPECT_EQ(result->tokens, Alone(Request({1}, 50)));
  ASSERT_GE(executor_->steps.size(), 2U);
  EXPECT_THAT(executor_->steps[1][0].tokens, ::testing::ElementsAre(4));
  EXPECT_EQ(scheduler_->free_pages(), 64);
}

TEST_F(SchedulerTest, RequestsOfEqualPriorityAreNotPreempted) {
  Start({.max_running = 1});
  const auto first = SubmitBlocked(20);
  const auto second = Submit(Request({4}, 2));
  go_.Notify();
  EXPECT_EQ(ReadToEnd(*first)->preemptions, 0);
  EXPECT_EQ(ReadToEnd(*second)->preemptions, 0);
}

TEST_F(SchedulerTest, ARequestOfHigherPriorityPreemptsForPages) {
  Start({.prefill_chunk = 256, .prefix_cache = false}, /*pages=*/8);
  // The cache never holds both prompts.
  const GenerationRequest large = Request(TokensFrom(0, 200), 50);
  blocks_ = true;
  const auto low = Submit(large);
  started_.WaitForNotification();
  const auto high = Submit(Request(TokensFrom(1000, 100), 2, 1));
  go_.Notify();
  EXPECT_EQ(ReadToEnd(*high)->preemptions, 0);
  const auto result = ReadToEnd(*low);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->preemptions, 1);
  EXPECT_EQ(result->tokens, Alone(large));
  EXPECT_EQ(executor_->steps[1][0].tokens.front(), 1000);
}

// If requests of lower priority hold too few pages, the new request must wait for others anyway.
TEST_F(SchedulerTest, NothingIsPreemptedWhereThatIsNotEnough) {
  Start({.prefill_chunk = 256, .prefix_cache = false}, /*pages=*/8);
  std::shared_ptr<GenerationStream> middle;
  executor_->before_run = [&] {
    if (executor_->steps.size() == 3) middle = Submit(Request(TokensFrom(2000, 100), 2, 3));
  };
  const auto high = Submit(Request(TokensFrom(0, 150), 40, 5));
  const auto low = Submit(Request(TokensFrom(1000, 10), 15, 0));
  EXPECT_EQ(ReadToEnd(*high)->preemptions, 0);
  EXPECT_EQ(ReadToEnd(*low)->preemptions, 0);
  ASSERT_NE(middle, nullptr);
  EXPECT_EQ(ReadToEnd(*middle)->preemptions, 0);
}

TEST_F(SchedulerTest, CancelledRequestsFreeTheirPages) {
  Start({.max_running = 1});
  const auto running = SubmitBlocked(200);
  running->Cancel();
  go_.Notify();
  EXPECT_EQ(ReadToEnd(*running).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(scheduler_->free_pages(), 64);
}

TEST_F(SchedulerTest, ARequestCancelledAfterPreemptionLeavesNoPages) {
  Start({.max_running = 1});
  const auto low = SubmitBlocked(200);
  const auto high = Submit(Request(TokensFrom(0, 100), 50, 1));
  executor_->before_run = [&] {
    if (executor_->steps.size() == 5) low->Cancel();
  };
  go_.Notify();
  EXPECT_EQ(ReadToEnd(*low).status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(ReadToEnd(*high).ok());
  EXPECT_EQ(scheduler_->free_pages(), 64);
}

TEST_F(SchedulerTest, FullQueueIsResourceExhausted) {
  Start({.max_running = 1, .max_waiting = 1});
  const auto first = SubmitBlocked();
  Submit(Request({2}));
  const auto refused = scheduler_->Submit(Request({3}));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.status().message(), HasSubstr("limit 1"));
  go_.Notify();
  EXPECT_TRUE(ReadToEnd(*first).ok());
}

TEST_F(SchedulerTest, CancelWhileWaitingEndsAtOnceAndFreesTheSlot) {
  Start({.max_running = 1, .max_waiting = 1});
  const auto first = SubmitBlocked();
  const auto second = Submit(Request({2}));
  second->Cancel();
  second->Cancel();
  EXPECT_EQ(ReadToEnd(*second).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(scheduler_->waiting(), 0);
  const auto third = Submit(Request({3}));
  go_.Notify();
  EXPECT_TRUE(ReadToEnd(*third).ok());
  EXPECT_EQ(executor_->chosen, 2);
}

TEST_F(SchedulerTest, CancelAfterTheEndChangesNothing) {
  Start();
  const auto stream = Submit(Request({1}));
  EXPECT_TRUE(ReadToEnd(*stream).ok());
  stream->Cancel();
  EXPECT_FALSE(stream->Next(kShort).has_value());
}

TEST_F(SchedulerTest, DeadlineInTheQueueEndsTheRequestThere) {
  Start({.max_running = 1});
  const auto first = SubmitBlocked();
  GenerationRequest late = Request({2});
  late.deadline = SteadyTime::Now() + kShort;
  const auto stream = Submit(std::move(late));
  EXPECT_EQ(ReadToEnd(*stream).status().code(), absl::StatusCode::kDeadlineExceeded);
  go_.Notify();
  EXPECT_TRUE(ReadToEnd(*first).ok());
  EXPECT_EQ(executor_->chosen, 1);
}

TEST_F(SchedulerTest, DestructionCancelsRunningAndWaitingRequests) {
  Start({.max_running = 1});
  const auto running = SubmitBlocked(200);
  const auto waiting = Submit(Request({2}));
  std::thread unloading([this] { scheduler_.reset(); });
  // The destructor has begun by then and waits for the step.
  absl::SleepFor(10 * kShort);
  go_.Notify();
  unloading.join();
  EXPECT_EQ(ReadToEnd(*running).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(ReadToEnd(*waiting).status().code(), absl::StatusCode::kCancelled);
}

TEST_F(SchedulerTest, AnExecutorErrorIsTheResultAndTheNextRequestRuns) {
  Start();
  executor_->error = absl::ResourceExhaustedError("out of memory");
  EXPECT_EQ(ReadToEnd(*Submit(Request({1}))).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(scheduler_->free_pages(), 64);
  ASSERT_TRUE(scheduler_
                  ->RunAlone([this](ModelExecutor&) {
                    executor_->error = absl::OkStatus();
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_TRUE(ReadToEnd(*Submit(Request({1}))).ok());
}

}  // namespace
}  // namespace assay::engine
