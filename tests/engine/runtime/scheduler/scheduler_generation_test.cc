// Tests of the scheduler: one request from prompt to result.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "engine/runtime/scheduler/scheduler.h"
#include "tests/engine/runtime/scheduler/fakes.h"
#include "tests/patience.h"

namespace assay::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kChunk = 4;
constexpr int kContext = 64;
const absl::Duration kLong = Patience();

// Tokens 0 to 3 are text, 4 and 5 the two bytes of "é", 6 is special, 7 ends the text.
const std::vector<std::string>& Pieces() {
  static const auto* const pieces = new std::vector<std::string>{
      "Hello", " wor", "ld", "!", "\xC3", "\xA9", "<|role|>", "<|end|>"};
  return *pieces;
}

class GenerationTest : public ::testing::Test {
 protected:
  absl::StatusOr<GenerationResult> Run(std::vector<TokenId> script, int context = kContext) {
    executor_ = std::make_unique<FakeExecutor>(kContext / kPageTokens);
    size_t at = 0;
    executor_->next = [&](const std::vector<TokenId>&) { return script.at(at++); };
    executor_->before_run = before_run_;
    Scheduler scheduler({.name = "fake",
                         .executor = executor_.get(),
                         .tokenizer = &tokenizer_,
                         .encode = [this](const Prompt&) { return prompt_; },
                         .context = context},
                        {.prefill_chunk = kChunk});
    absl::StatusOr<std::shared_ptr<GenerationStream>> stream = scheduler.Submit(request_);
    if (!stream.ok()) return stream.status();
    stream_ = *stream;
    while (auto event = stream_->Next(kLong)) {
      if (auto* result = std::get_if<absl::StatusOr<GenerationResult>>(&*event)) {
        return std::move(*result);
      }
      const auto& text = std::get<TextEvent>(*event);
      texts_.push_back(text.text);
      tokens_.insert(tokens_.end(), text.tokens.begin(), text.tokens.end());
    }
    return absl::InternalError("the stream ended without a result");
  }

  std::vector<FakeExecutor::Call> Calls() const {
    std::vector<FakeExecutor::Call> calls;
    for (const auto& step : executor_->steps) calls.insert(calls.end(), step.begin(), step.end());
    return calls;
  }

  FakeTokenizer tokenizer_{Pieces()};
  std::unique_ptr<FakeExecutor> executor_;
  std::function<void()> before_run_;
  std::shared_ptr<GenerationStream> stream_;
  std::vector<std::string> texts_;
  std::vector<TokenId> tokens_;
  GenerationRequest request_;
  EncodedPrompt prompt_ = {.tokens = {0, 1}};
};

// SentencePiece vocabularies put a space in front of a word at the beginning of a text.
TEST_F(GenerationTest, AReplyLosesItsLeadingSpaceAndAContinuationKeepsIt) {
  tokenizer_.strips_leading_space = true;
  prompt_.is_chat = true;
  EXPECT_EQ(Run({6, 1, 2, 1, 7})->text, "world wor");
  prompt_.is_chat = false;
  EXPECT_EQ(Run({1, 2, 7})->text, " world");
  tokenizer_.strips_leading_space = false;
  prompt_.is_chat = true;
  EXPECT_EQ(Run({1, 2, 7})->text, " world");
}

TEST_F(GenerationTest, EndOfTextIsNeitherInTextNorInTokens) {
  const auto result = Run({0, 1, 2, 7});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text, "Hello world");
  EXPECT_THAT(result->tokens, ElementsAre(0, 1, 2));
  EXPECT_EQ(result->finish_reason, FinishReason::kEndOfText);
  EXPECT_EQ(result->prompt_tokens, 2);
  EXPECT_THAT(texts_, ElementsAre("Hello", " wor", "ld"));
}

TEST_F(GenerationTest, IgnoredEndOfTextContinuesToTheLength) {
  request_.ignore_end_of_text = true;
  request_.max_new_tokens = 3;
  const auto result = Run({0, 7, 3});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text, "Hello!");
  EXPECT_THAT(result->tokens, ElementsAre(0, 7, 3));
  EXPECT_EQ(result->finish_reason, FinishReason::kLength);
}

TEST_F(GenerationTest, StopStringAcrossTokensEndsTheText) {
  request_.stop = {"o world"};
  const auto result = Run({0, 1, 2, 3});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text, "Hell");
  EXPECT_THAT(result->tokens, ElementsAre(0, 1, 2));
  EXPECT_EQ(result->finish_reason, FinishReason::kStopString);
  EXPECT_THAT(texts_, ElementsAre("Hell"));
}

TEST_F(GenerationTest, CharactersAreNeverCut) {
  const auto result = Run({0, 4, 5, 4, 7});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(texts_, ElementsAre("Hello", "é", "\xEF\xBF\xBD"));
  EXPECT_THAT(tokens_, ElementsAre(0, 4, 5, 4));
}

TEST_F(GenerationTest, SpecialTokensHaveNoText) {
  const auto result = Run({6, 0, 7});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text, "Hello");
  EXPECT_THAT(result->tokens, ElementsAre(6, 0));
}

TEST_F(GenerationTest, PromptIsPrefilledInChunksAndEachTokenAtItsPosition) {
  prompt_.tokens = {0, 1, 2, 3, 0, 1, 2, 3, 0};
  const auto result = Run({1, 2, 7});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(Calls(),
              ElementsAre(FakeExecutor::Call{{0, 1, 2, 3}, 0, 0},
                          FakeExecutor::Call{{0, 1, 2, 3}, 4, 0}, FakeExecutor::Call{{0}, 8, 1},
                          FakeExecutor::Call{{1}, 9, 1}, FakeExecutor::Call{{2}, 10, 1}));
}

TEST_F(GenerationTest, TextEndsWithTheContext) {
  const auto result = Run({0, 1, 2, 3, 0}, 5);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->tokens, ElementsAre(0, 1, 2));
  EXPECT_EQ(result->finish_reason, FinishReason::kLength);
}

TEST_F(GenerationTest, CancellationEndsWithinOneStep) {
  prompt_.tokens = {0, 1, 2, 3, 0, 1, 2, 3, 0};
  // The cancellation is between two chunks of the prompt, then between two tokens.
  for (const size_t steps : {2U, 4U}) {
    size_t step = 0;
    before_run_ = [&] {
      // The stream is known once Submit() has returned.
      while (stream_ == nullptr) absl::SleepFor(absl::Milliseconds(1));
      if (++step == steps) stream_->Cancel();
    };
    stream_ = nullptr;
    EXPECT_EQ(Run({0, 1, 2, 3, 7}).status().code(), absl::StatusCode::kCancelled);
    EXPECT_EQ(executor_->steps.size(), steps);
  }
}

TEST_F(GenerationTest, AnExpiredRequestComputesNothing) {
  request_.deadline = SteadyTime::Now() - absl::Seconds(1);
  EXPECT_EQ(Run({7}).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(Calls().empty());
}

TEST_F(GenerationTest, TimingsAddUp) {
  request_.arrival = SteadyTime::Now() - absl::Seconds(2);
  const auto result = Run({0, 1, 2, 7});
  ASSERT_TRUE(result.ok()) << result.status();
  const GenerationTimings& t = result->timings;
  EXPECT_GE(t.queue, absl::Seconds(2));
  EXPECT_GE(t.first_token, t.queue + t.prefill);
  EXPECT_GE(t.total, t.first_token + 2 * t.per_token);
  EXPECT_LT(t.total, Patience());
  EXPECT_GT(t.per_token, absl::ZeroDuration());
  EXPECT_GT(t.inter_token_p50, absl::ZeroDuration());
  EXPECT_LE(t.inter_token_p50, t.inter_token_p90);
  EXPECT_LE(t.inter_token_p90, t.inter_token_p99);
  // There are two gaps: the median by nearest rank is the shorter one, p99 the longer one. The
  // clock of the mean starts a little earlier.
  EXPECT_LE(t.inter_token_p50 + t.inter_token_p99, 2 * t.per_token);
}

TEST_F(GenerationTest, OneTokenHasNoTimePerToken) {
  const auto result = Run({0, 7});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->timings.per_token, absl::ZeroDuration());
  EXPECT_EQ(result->timings.inter_token_p99, absl::ZeroDuration());
}

TEST_F(GenerationTest, BadRequestsAreInvalid) {
  request_.max_new_tokens = 0;
  EXPECT_THAT(Run({7}).status().message(), HasSubstr("max_new_tokens is 0"));
  request_.max_new_tokens = 1;
  request_.stop = {"x", ""};
  EXPECT_THAT(Run({7}).status().message(), HasSubstr("stop[1] is empty"));
  request_.stop.clear();
  request_.sampling.top_p = 7.0F;
  EXPECT_EQ(Run({7}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay::engine
