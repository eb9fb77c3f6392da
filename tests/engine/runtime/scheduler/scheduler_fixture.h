// A fixture with a scheduler over a fake executor.
#ifndef ASSAY_TESTS_ENGINE_RUNTIME_SCHEDULER_SCHEDULER_FIXTURE_H_
#define ASSAY_TESTS_ENGINE_RUNTIME_SCHEDULER_SCHEDULER_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "engine/runtime/scheduler/scheduler.h"
#include "tests/engine/runtime/scheduler/fakes.h"
#include "tests/patience.h"

namespace assay::engine {

inline const absl::Duration kLong = Patience();
inline constexpr absl::Duration kShort = absl::Milliseconds(20);
inline constexpr int kVocab = 4096;
inline constexpr int kContext = 256;

inline GenerationRequest Request(std::vector<TokenId> prompt, int tokens = 1, int priority = 0) {
  GenerationRequest request;
  request.prompt.tokens = std::move(prompt);
  request.max_new_tokens = tokens;
  request.priority = priority;
  return request;
}

inline absl::StatusOr<GenerationResult> ReadToEnd(GenerationStream& stream) {
  while (auto event = stream.Next(kLong)) {
    if (auto* result = std::get_if<absl::StatusOr<GenerationResult>>(&*event)) {
      return std::move(*result);
    }
  }
  return absl::InternalError("the stream ended without a result");
}

// Returns a token that depends on every token of the text.
inline TokenId Mixed(const std::vector<TokenId>& text) {
  uint32_t hash = 2166136261U;
  for (const TokenId token : text) hash = (hash ^ static_cast<uint32_t>(token)) * 16777619U;
  return static_cast<TokenId>(hash % kVocab);
}

class SchedulerFixture : public ::testing::Test {
 protected:
  void Start(Scheduler::Options options = {}, int64_t pages = 64) {
    executor_ = std::make_unique<FakeExecutor>(pages);
    executor_->next = Mixed;
    executor_->before_run = [this] {
      if (!blocks_ || started_.HasBeenNotified()) return;
      started_.Notify();
      go_.WaitForNotification();
    };
    scheduler_ = std::make_unique<Scheduler>(
        Scheduler::Model{.name = "fake",
                         .executor = executor_.get(),
                         .tokenizer = &tokenizer_,
                         .encode = [](const Prompt& p) { return EncodedPrompt{p.tokens, false}; },
                         .context = kContext},
        options);
  }

  std::shared_ptr<GenerationStream> Submit(GenerationRequest request) {
    auto stream = scheduler_->Submit(std::move(request));
    EXPECT_TRUE(stream.ok()) << stream.status();
    return *stream;
  }

  // Submits a request that blocks in its first step until go_.
  std::shared_ptr<GenerationStream> SubmitBlocked(int tokens = 1) {
    blocks_ = true;
    auto stream = Submit(Request({1}, tokens));
    started_.WaitForNotification();
    return stream;
  }

  // Returns the tokens that the request generates without others beside it.
  std::vector<TokenId> Alone(const GenerationRequest& request) {
    std::vector<TokenId> text = request.prompt.tokens;
    std::vector<TokenId> written;
    for (int i = 0; i < request.max_new_tokens; ++i) {
      written.push_back(Mixed(text));
      text.push_back(written.back());
    }
    return written;
  }

  CountingTokenizer tokenizer_{kVocab};
  std::unique_ptr<FakeExecutor> executor_;
  std::atomic<bool> blocks_ = false;
  absl::Notification started_;
  absl::Notification go_;
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_RUNTIME_SCHEDULER_SCHEDULER_FIXTURE_H_
