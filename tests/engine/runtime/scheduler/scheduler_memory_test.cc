// Tests of the scheduler: running out of memory, and giving memory back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "engine/runtime/scheduler/scheduler.h"
#include "engine/runtime/scheduler/text_admission.h"
#include "tests/engine/runtime/scheduler/scheduler_fixture.h"

namespace assay::engine {
namespace {

using testing::HasSubstr;

class SchedulerMemoryTest : public SchedulerFixture {
 protected:
  // Lets the steps throw from now on, or no more.
  void SetOutOfMemory(bool value) {
    ASSERT_TRUE(scheduler_
                    ->RunAlone([&](ModelExecutor&) {
                      executor_->before_run = [value] {
                        if (value) throw std::bad_alloc();
                      };
                      return absl::OkStatus();
                    })
                    .ok());
  }
};

// A regression test: the exception ended the process.
TEST_F(SchedulerMemoryTest, OutOfMemoryEndsWhatIsComputedAndNothingElse) {
  Start({.max_running = 2});
  SetOutOfMemory(true);
  std::vector<std::shared_ptr<GenerationStream>> streams;
  for (int i = 0; i < 10; ++i) streams.push_back(Submit(Request({1, 2, 3}, 4)));
  for (const auto& stream : streams) {
    const absl::Status status = ReadToEnd(*stream).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("out of memory while fake computed"));
  }
  const std::vector<TokenId> text = {1, 2, 3, 4};
  EXPECT_EQ(scheduler_->Score(text, 1, CallContext()).status().code(),
            absl::StatusCode::kResourceExhausted);
  SetOutOfMemory(false);
  EXPECT_EQ(scheduler_->free_pages(), 64);
  EXPECT_EQ(scheduler_->running(), 0);
  EXPECT_TRUE(scheduler_->Score(text, 1, CallContext()).ok());
  const GenerationRequest request = Request({1, 2, 3}, 4);
  const auto result = ReadToEnd(*Submit(request));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->tokens, Alone(request));
}

TEST_F(SchedulerMemoryTest, WaitingRequestsRunAfterTheOnesThatFailed) {
  Start({.max_running = 1});
  executor_->before_run = [this] {
    if (started_.HasBeenNotified()) return;
    started_.Notify();
    go_.WaitForNotification();
    throw std::bad_alloc();
  };
  const auto first = Submit(Request({1}));
  started_.WaitForNotification();
  const auto second = Submit(Request({2}));
  go_.Notify();
  EXPECT_EQ(ReadToEnd(*first).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(ReadToEnd(*second).ok());
}

TEST_F(SchedulerMemoryTest, TextsAreCountedBeforeTheyAreTokenized) {
  Start({.max_running = 1, .max_waiting = 2});
  constexpr int64_t kBytes = 1000;
  std::vector<TextAdmission::Permit> permits;
  for (int i = 0; i < 3; ++i) {
    auto permit = scheduler_->AdmitText(kBytes);
    ASSERT_TRUE(permit.ok()) << permit.status();
    permits.push_back(*std::move(permit));
  }
  const absl::Status refused = scheduler_->AdmitText(kBytes).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("the queue of fake is full: 3 texts of 3000 bytes"));
  permits.pop_back();
  EXPECT_TRUE(scheduler_->AdmitText(kBytes).ok());
  EXPECT_EQ(scheduler_->AdmitText(Scheduler::kMaxTextBytes).status().code(),
            absl::StatusCode::kResourceExhausted);
  permits.clear();
  auto alone = scheduler_->AdmitText(Scheduler::kMaxTextBytes);
  EXPECT_TRUE(alone.ok()) << alone.status();
  // It would never fit the memory that the estimate of the model counts.
  EXPECT_EQ(scheduler_->AdmitText(Scheduler::kMaxTextBytes + 1).status().code(),
            absl::StatusCode::kInvalidArgument);
  scheduler_.reset();
}

TEST_F(SchedulerMemoryTest, MemoryOfTextsIsReleasedWithoutAStep) {
  FakeExecutor executor(4);
  std::atomic<int> calls = 0;
  Scheduler scheduler({.name = "fake",
                       .executor = &executor,
                       .tokenizer = &tokenizer_,
                       .encode = [](const Prompt& p) { return EncodedPrompt{p.tokens, false}; },
                       .context = kContext,
                       .on_idle = [&calls] { ++calls; }},
                      {});
  const auto await = [&calls](int count) {
    const absl::Time end = absl::Now() + kLong;
    while (calls < count && absl::Now() < end) absl::SleepFor(kShort);
    return calls.load();
  };
  EXPECT_EQ(await(1), 1);
  {
    const auto permit = scheduler.AdmitText(1000);
  }
  EXPECT_EQ(await(2), 2);
  absl::SleepFor(absl::Milliseconds(1500));
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace assay::engine
