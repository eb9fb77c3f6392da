// Tests of the scheduler: many callers at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/retry_delay.h"
#include "base/steady_time.h"
#include "engine/runtime/scheduler/scheduler.h"
#include "tests/engine/runtime/scheduler/scheduler_fixture.h"

namespace assay::engine {
namespace {

using ::testing::HasSubstr;
using Streams = std::vector<std::shared_ptr<GenerationStream>>;

// The first token of a prompt names its caller.
class SchedulerFairnessTest : public SchedulerFixture {
 protected:
  void StartCounting(Scheduler::Options options, int64_t pages = 64) {
    Start(options, pages);
    executor_->before_run = [this, block = executor_->before_run] {
      block();
      if (act_) act_();
    };
    executor_->next = [this](const std::vector<TokenId>& text) {
      order_.push_back(text[0]);
      return Mixed(text);
    };
  }

  static GenerationRequest Of(TokenId caller, int tokens, int priority = 0, double share = 1) {
    GenerationRequest request = Request({caller, 5, 6}, tokens, priority);
    request.caller = {.id = absl::StrCat("caller ", caller), .share = share};
    return request;
  }

  // Calls `act` on the scheduler's thread before each step after the first.
  // Must be called while the first step is blocked.
  void BetweenSteps(std::function<void()> act) { act_ = std::move(act); }

  void Add(int count, const GenerationRequest& request, Streams* streams) {
    for (int i = 0; i < count; ++i) streams->push_back(Submit(request));
  }

  std::function<void()> act_;
  // The caller of each token. Used by the scheduler's thread; others read it when nothing runs.
  std::vector<TokenId> order_;
};

TEST_F(SchedulerFairnessTest, AQuietCallerIsServedBesideAGreedyOne) {
  StartCounting({.max_running = 4});
  const auto first = SubmitBlocked();
  Streams greedy;
  Add(40, Of(2, 200, 100), &greedy);
  // The quiet caller asks for the next text when it has the last one.
  std::shared_ptr<GenerationStream> quiet;
  std::vector<size_t> asked;
  std::vector<size_t> answered;
  BetweenSteps([&] {
    if (order_.size() < 40) return;
    while (quiet != nullptr) {
      const auto event = quiet->Next(absl::ZeroDuration());
      if (!event.has_value()) return;
      if (!std::holds_alternative<absl::StatusOr<GenerationResult>>(*event)) continue;
      answered.push_back(order_.size());
      quiet = nullptr;
    }
    if (asked.size() == 10) return;
    asked.push_back(order_.size());
    quiet = Submit(Of(3, 10));
  });
  go_.Notify();
  for (const auto& stream : greedy) ASSERT_TRUE(ReadToEnd(*stream).ok());
  ASSERT_EQ(answered.size(), 10U);
  for (size_t i = 0; i < answered.size(); ++i) {
    // Until it is behind, then its prompt and ten tokens beside three others.
    EXPECT_LT(answered[i] - asked[i], 70 + 4 * 15) << i;
  }
}

TEST_F(SchedulerFairnessTest, TokensAreDividedByShare) {
  StartCounting({.max_running = 4, .max_waiting = 1000});
  const auto first = SubmitBlocked();
  Streams streams;
  Add(60, Of(2, 20, 0, 1), &streams);
  Add(60, Of(3, 20, 0, 3), &streams);
  go_.Notify();
  for (const auto& stream : streams) ASSERT_TRUE(ReadToEnd(*stream).ok());
  const auto last_large = std::find(order_.rbegin(), order_.rend(), 3).base();
  EXPECT_NEAR(std::count(order_.begin(), last_large, 2), 1200 / 3, 80);
}

TEST_F(SchedulerFairnessTest, HeavyCallersDoNotTakePlacesFromEachOtherAllTheTime) {
  StartCounting({.max_running = 4, .max_waiting = 1000});
  const auto first = SubmitBlocked();
  Streams streams;
  Add(30, Of(2, 150), &streams);
  Streams later;
  BetweenSteps([&] {
    if (order_.size() >= 100 && later.empty()) Add(30, Of(3, 150), &later);
  });
  go_.Notify();
  int preemptions = 0;
  const auto read = [&](const Streams& all) {
    for (const auto& stream : all) {
      const auto result = ReadToEnd(*stream);
      ASSERT_TRUE(result.ok()) << result.status();
      preemptions += result->preemptions;
    }
  };
  read(streams);
  read(later);
  // The second caller takes a place when it arrives. Afterwards both have what is theirs, or the
  // texts of a step begin and end together: then each four texts have one preemption.
  EXPECT_GE(preemptions, 1);
  EXPECT_LE(preemptions, 60 / 4);
}

TEST_F(SchedulerFairnessTest, PreemptedTextsAreTheSame) {
  StartCounting({.max_running = 3, .max_waiting = 1000}, /*pages=*/10);
  const auto first = SubmitBlocked();
  std::vector<GenerationRequest> requests;
  Streams streams;
  for (int i = 0; i < 40; ++i) {
    requests.push_back(Of(static_cast<TokenId>(2 + i % 5), 20 + i * 3, i % 3));
    streams.push_back(Submit(requests.back()));
  }
  go_.Notify();
  for (size_t i = 0; i < streams.size(); ++i) {
    const auto result = ReadToEnd(*streams[i]);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->tokens, Alone(requests[i])) << i;
  }
  EXPECT_EQ(scheduler_->free_pages(), 10);
}

TEST_F(SchedulerFairnessTest, PrioritiesOrderTheRequestsOfOneCaller) {
  StartCounting({.max_running = 1});
  const auto first = SubmitBlocked();
  const auto low = Submit(Of(2, 100, 0));
  GenerationRequest urgent = Of(2, 100, 50);
  urgent.prompt.tokens[0] = 3;
  const auto high = Submit(urgent);
  go_.Notify();
  ASSERT_TRUE(ReadToEnd(*high).ok());
  ASSERT_TRUE(ReadToEnd(*low).ok());
  ASSERT_EQ(order_.size(), 201U);
  EXPECT_EQ(std::count(order_.begin(), order_.begin() + 101, 3), 100);
}

TEST_F(SchedulerFairnessTest, AFullQueueMakesRoomForACallerWithFewerPlaces) {
  StartCounting({.max_running = 1, .max_waiting = 4});
  const auto first = SubmitBlocked();
  Streams greedy;
  Add(4, Of(2, 10), &greedy);
  EXPECT_TRUE(absl::IsResourceExhausted(scheduler_->Submit(Of(2, 10)).status()));
  Streams quiet;
  Add(2, Of(3, 10), &quiet);
  // Both have two places now, and none makes room.
  const absl::Status full = scheduler_->Submit(Of(3, 10)).status();
  EXPECT_TRUE(absl::IsResourceExhausted(full));
  EXPECT_THAT(std::string(full.message()),
              HasSubstr("4 requests wait (limit 4), 2 of them of this"));
  for (const size_t newest : {3, 2}) {
    const absl::Status removed = ReadToEnd(*greedy[newest]).status();
    EXPECT_TRUE(absl::IsResourceExhausted(removed));
    EXPECT_THAT(std::string(removed.message()), HasSubstr("made room for another caller"));
  }
  go_.Notify();
  for (const size_t older : {0, 1}) EXPECT_TRUE(ReadToEnd(*greedy[older]).ok());
  for (const auto& stream : quiet) EXPECT_TRUE(ReadToEnd(*stream).ok());
}

TEST_F(SchedulerFairnessTest, ATooLongWaitIsRefusedAtOnce) {
  Start({.max_running = 1});
  // Texts use all of their max_new_tokens.
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(ReadToEnd(*Submit(Of(2, 2))).ok());
  executor_->before_run = [] { absl::SleepFor(absl::Milliseconds(5)); };
  ASSERT_TRUE(ReadToEnd(*Submit(Of(2, 60))).ok());
  const auto running = Submit(Of(2, 200));
  ASSERT_TRUE(running->Next(kLong).has_value());
  GenerationRequest next = Of(2, 1);
  EXPECT_GT(scheduler_->expected_wait(), absl::Milliseconds(400));
  next.max_wait = absl::Milliseconds(100);
  const absl::Status refused = scheduler_->Submit(next).status();
  EXPECT_TRUE(absl::IsResourceExhausted(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("(limits.max_wait is 100ms)"));
  next.max_wait = absl::Minutes(5);
  next.deadline = SteadyTime::Now() + absl::Milliseconds(100);
  const absl::Status late = scheduler_->Submit(next).status();
  EXPECT_TRUE(absl::IsResourceExhausted(late));
  EXPECT_THAT(std::string(late.message()), HasSubstr("until its deadline"));
  next.deadline = SteadyTime::InfiniteFuture();
  EXPECT_TRUE(ReadToEnd(*Submit(next)).ok());
  EXPECT_TRUE(ReadToEnd(*running).ok());
}

TEST_F(SchedulerFairnessTest, ARefusedCallerLearnsWhenTheWaitIsShortEnough) {
  Start({.max_running = 1, .max_waiting = 1});
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(ReadToEnd(*Submit(Of(2, 2))).ok());
  executor_->before_run = [] { absl::SleepFor(absl::Milliseconds(5)); };
  ASSERT_TRUE(ReadToEnd(*Submit(Of(2, 60))).ok());
  const auto running = Submit(Of(2, 200));
  ASSERT_TRUE(running->Next(kLong).has_value());
  GenerationRequest next = Of(2, 1);
  const absl::Duration wait = scheduler_->expected_wait();
  next.max_wait = wait / 2;
  const auto limited = RetryDelay(scheduler_->Submit(next).status());
  ASSERT_TRUE(limited.has_value());
  // A request is refused from 70 % of the limit on. The estimate shrinks with every token.
  EXPECT_GT(*limited, wait * 0.4);
  EXPECT_LE(*limited, wait * 0.66);
  next.max_wait = absl::Minutes(5);
  next.deadline = SteadyTime::Now() + wait / 4;
  const auto late = RetryDelay(scheduler_->Submit(next).status());
  ASSERT_TRUE(late.has_value());
  EXPECT_GT(*late, wait * 0.5);
  EXPECT_LE(*late, wait);
  // The queue has a place when the running request ends.
  next.deadline = SteadyTime::InfiniteFuture();
  const auto waiting = Submit(next);
  const auto full = RetryDelay(scheduler_->Submit(next).status());
  ASSERT_TRUE(full.has_value());
  EXPECT_GT(*full, wait * 0.5);
  EXPECT_LE(*full, wait);
  EXPECT_TRUE(ReadToEnd(*running).ok());
  EXPECT_TRUE(ReadToEnd(*waiting).ok());
}

TEST_F(SchedulerFairnessTest, RetryDelaysHaveBounds) {
  Start({.max_running = 1, .max_waiting = 1000});
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(ReadToEnd(*Submit(Of(2, 2))).ok());
  executor_->before_run = [] { absl::SleepFor(absl::Milliseconds(2)); };
  ASSERT_TRUE(ReadToEnd(*Submit(Of(2, 60))).ok());
  const auto running = Submit(Of(2, 200));
  ASSERT_TRUE(running->Next(kLong).has_value());
  GenerationRequest next = Of(2, 200);
  // It waits about as long as it may: in a moment it would be accepted.
  next.max_wait = scheduler_->expected_wait() / 0.72;
  EXPECT_EQ(RetryDelay(scheduler_->Submit(next).status()), absl::Milliseconds(100));
  Streams waiting;
  Add(400, Of(2, 200), &waiting);
  EXPECT_GT(scheduler_->expected_wait(), absl::Minutes(2));
  EXPECT_EQ(RetryDelay(scheduler_->Submit(next).status()), absl::Minutes(1));
  scheduler_.reset();
}

// A regression test: the draft tokens of the step that ended a text, and rejected ones, were free.
TEST_F(SchedulerFairnessTest, ATextCostsTheSameWithAndWithoutDrafts) {
  StartCounting({.max_running = 1, .max_waiting = 1000, .draft_tokens = 7});
  executor_->next = [this](const std::vector<TokenId>& text) {
    order_.push_back(text[0]);
    return text[text.size() - 3];
  };
  // The costs of steps are learned first.
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(ReadToEnd(*Submit(Of(1, 40))).ok());
  order_.clear();
  blocks_ = true;
  const auto first = Submit(Of(1, 1));
  started_.WaitForNotification();
  constexpr int kTexts = 60;
  constexpr int kTokens = 8;
  Streams with_drafts;
  Add(kTexts, Of(2, kTokens), &with_drafts);
  GenerationRequest plain = Of(3, kTokens);
  plain.drafts = false;
  Streams without;
  Add(kTexts, plain, &without);
  go_.Notify();
  int accepted = 0;
  for (const auto& stream : with_drafts) {
    const auto result = ReadToEnd(*stream);
    ASSERT_TRUE(result.ok()) << result.status();
    accepted += result->accepted_tokens;
  }
  for (const auto& stream : without) ASSERT_TRUE(ReadToEnd(*stream).ok());
  ASSERT_GT(accepted, kTexts);
  const auto last = std::find(order_.rbegin(), order_.rend(), 2).base();
  EXPECT_NEAR(std::count(order_.begin(), last, 3), kTexts * kTokens, 2 * kTokens);
}

// A regression test: the caller of a prompt that ran out of memory was charged for it, and waited
// for all others.
TEST_F(SchedulerFairnessTest, AStepThatRanOutOfMemoryIsNotCharged) {
  StartCounting({.max_running = 1, .prefill_chunk = 250});
  const auto first = SubmitBlocked();
  GenerationRequest request = Of(2, 1);
  request.prompt.tokens.resize(240, 7);
  const auto failing = Submit(request);
  Streams others;
  Add(4, Of(3, 20), &others);
  std::shared_ptr<GenerationStream> again;
  int steps = 0;
  BetweenSteps([&] {
    ++steps;
    // The first step is that of the blocked request.
    if (steps == 2) throw std::bad_alloc();
    if (steps == 3) again = Submit(Of(2, 1));
  });
  go_.Notify();
  EXPECT_TRUE(absl::IsResourceExhausted(ReadToEnd(*failing).status()));
  for (const auto& stream : others) ASSERT_TRUE(ReadToEnd(*stream).ok());
  ASSERT_NE(again, nullptr);
  ASSERT_TRUE(ReadToEnd(*again).ok());
  const auto of_again = std::find(order_.begin(), order_.end(), 2);
  ASSERT_NE(of_again, order_.end());
  // It runs after the text that was running, or takes its place.
  EXPECT_LE(std::count(order_.begin(), of_again, 3), 20);
}

TEST_F(SchedulerFairnessTest, PlacesForTextsAreKeptForOtherCallers) {
  Start({.max_running = 8, .max_waiting = 8});
  std::vector<TextAdmission::Permit> permits;
  for (int i = 0; i < 14; ++i) {
    auto permit = scheduler_->AdmitText(10, "greedy");
    ASSERT_TRUE(permit.ok()) << permit.status();
    permits.push_back(*std::move(permit));
  }
  EXPECT_TRUE(absl::IsResourceExhausted(scheduler_->AdmitText(10, "greedy").status()));
  EXPECT_TRUE(scheduler_->AdmitText(10, "quiet").ok());
}

}  // namespace
}  // namespace assay::engine
