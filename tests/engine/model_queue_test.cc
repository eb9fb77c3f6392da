// Tests of engine/runtime/model_queue.h.
#include "engine/runtime/model_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "tests/engine/fakes.h"

namespace assay::engine {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(20);
constexpr absl::Duration kShort = absl::Milliseconds(20);

GenerationRequest Request(std::string text, int tokens = 1) {
  GenerationRequest request;
  request.prompt.text = std::move(text);
  request.max_new_tokens = tokens;
  return request;
}

absl::StatusOr<GenerationResult> ReadToEnd(GenerationStream& stream) {
  while (auto event = stream.Next(kLong)) {
    if (auto* result = std::get_if<absl::StatusOr<GenerationResult>>(&*event)) {
      return std::move(*result);
    }
  }
  return absl::InternalError("the stream ended without a result");
}

// A model that waits at its first request until it is let go.
class ModelQueueTest : public ::testing::Test {
 protected:
  void BlockFirst() {
    model_.before_generate = [this] {
      if (started_.HasBeenNotified()) return;
      started_.Notify();
      go_.WaitForNotification();
    };
  }

  std::shared_ptr<GenerationStream> SubmitBlocked(ModelQueue& queue, int tokens = 1) {
    BlockFirst();
    auto stream = queue.Submit(Request("first", tokens));
    started_.WaitForNotification();
    return *stream;
  }

  FakeLanguageModel model_;
  absl::Notification started_;
  absl::Notification go_;
};

TEST_F(ModelQueueTest, TextComesBeforeTheResultAndNothingAfterIt) {
  ModelQueue queue(&model_, {});
  const auto stream = queue.Submit(Request("x", 3));
  ASSERT_TRUE(stream.ok()) << stream.status();
  std::string text;
  for (int i = 0; i < 3; ++i) {
    auto event = (*stream)->Next(kLong);
    ASSERT_TRUE(event.has_value());
    ASSERT_TRUE(std::holds_alternative<TextEvent>(*event));
    text += std::get<TextEvent>(*event).text;
  }
  EXPECT_EQ(text, "xxx");
  const auto result = ReadToEnd(**stream);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text, "xxx");
  EXPECT_EQ(queue.running(), 0);
  const absl::Time before = absl::Now();
  EXPECT_FALSE((*stream)->Next(kLong).has_value());
  EXPECT_LT(absl::Now() - before, kLong / 2);
}

TEST_F(ModelQueueTest, RequestsRunInOrderOfArrival) {
  std::vector<std::string> order;
  ModelQueue queue(&model_, {});
  const auto first = SubmitBlocked(queue);
  const auto second = queue.Submit(Request("second"));
  const auto third = queue.Submit(Request("third"));
  EXPECT_EQ(queue.running(), 1);
  EXPECT_EQ(queue.waiting(), 2);
  EXPECT_FALSE((*second)->Next(kShort).has_value());
  go_.Notify();
  ASSERT_TRUE(ReadToEnd(**third).ok());
  EXPECT_EQ(model_.generated, 3);
  EXPECT_EQ(std::get<TextEvent>(*first->Next(absl::ZeroDuration())).text, "first");
  EXPECT_EQ(std::get<TextEvent>(*(*second)->Next(absl::ZeroDuration())).text, "second");
  EXPECT_EQ(queue.waiting(), 0);
}

TEST_F(ModelQueueTest, FullQueueIsResourceExhausted) {
  ModelQueue queue(&model_, {.max_waiting = 1});
  const auto first = SubmitBlocked(queue);
  ASSERT_TRUE(queue.Submit(Request("second")).ok());
  const auto refused = queue.Submit(Request("third"));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.status().message(), HasSubstr("limit 1"));
  go_.Notify();
  EXPECT_TRUE(ReadToEnd(*first).ok());
}

TEST_F(ModelQueueTest, CancelWhileWaitingEndsAtOnceAndFreesThePlace) {
  ModelQueue queue(&model_, {.max_waiting = 1});
  const auto first = SubmitBlocked(queue);
  const auto second = queue.Submit(Request("second"));
  (*second)->Cancel();
  (*second)->Cancel();
  EXPECT_EQ(ReadToEnd(**second).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(queue.waiting(), 0);
  const auto third = queue.Submit(Request("third"));
  ASSERT_TRUE(third.ok()) << third.status();
  go_.Notify();
  EXPECT_TRUE(ReadToEnd(**third).ok());
  EXPECT_EQ(model_.generated, 2);
}

TEST_F(ModelQueueTest, CancelWhileRunningStopsWithinOneToken) {
  std::shared_ptr<GenerationStream> stream;
  ModelQueue queue(&model_, {});
  model_.after_token = [&](int i) {
    if (i == 4) stream->Cancel();
  };
  stream = SubmitBlocked(queue, 1000);
  go_.Notify();
  EXPECT_EQ(ReadToEnd(*stream).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(model_.generated, 5);
}

TEST_F(ModelQueueTest, CancelAfterTheEndChangesNothing) {
  ModelQueue queue(&model_, {});
  const auto stream = queue.Submit(Request("x"));
  EXPECT_TRUE(ReadToEnd(**stream).ok());
  (*stream)->Cancel();
  EXPECT_FALSE((*stream)->Next(kShort).has_value());
}

TEST_F(ModelQueueTest, DeadlineInTheQueueEndsTheRequestThere) {
  ModelQueue queue(&model_, {});
  const auto first = SubmitBlocked(queue);
  GenerationRequest late = Request("late");
  late.deadline = absl::Now() + kShort;
  const auto stream = queue.Submit(std::move(late));
  EXPECT_EQ(ReadToEnd(**stream).status().code(), absl::StatusCode::kDeadlineExceeded);
  go_.Notify();
  EXPECT_TRUE(ReadToEnd(*first).ok());
  EXPECT_EQ(model_.generated, 1);
}

TEST_F(ModelQueueTest, DestructionCancelsWhatRunsAndWhatWaits) {
  std::shared_ptr<GenerationStream> running;
  std::shared_ptr<GenerationStream> waiting;
  {
    ModelQueue queue(&model_, {});
    running = SubmitBlocked(queue, 1 << 30);
    waiting = *queue.Submit(Request("second"));
    go_.Notify();
  }
  EXPECT_EQ(ReadToEnd(*running).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(ReadToEnd(*waiting).status().code(), absl::StatusCode::kCancelled);
}

TEST_F(ModelQueueTest, ErrorOfTheModelIsTheResult) {
  class Failing : public FakeLanguageModel {
    absl::StatusOr<GenerationResult> Generate(const GenerationRequest&, GenerationSink*) override {
      return absl::ResourceExhaustedError("out of memory");
    }
  } failing;
  ModelQueue queue(&failing, {});
  const auto stream = queue.Submit(Request("x"));
  EXPECT_EQ(ReadToEnd(**stream).status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace assay::engine
