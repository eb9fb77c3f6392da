// Tests of engine/runtime/generator.h.
#include "engine/runtime/generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "tests/engine/fakes.h"

namespace assay::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kChunk = 4;
constexpr int kContext = 64;

// 0 to 3 text, 4 and 5 the halves of "é", 6 special, 7 the end.
const std::vector<std::string>& Pieces() {
  static const auto* const pieces = new std::vector<std::string>{
      "Hello", " wor", "ld", "!", "\xC3", "\xA9", "<|role|>", "<|end|>"};
  return *pieces;
}

class RecordingSink : public GenerationSink {
 public:
  void OnText(std::string_view text, absl::Span<const TokenId> tokens) override {
    texts.emplace_back(text);
    this->tokens.insert(this->tokens.end(), tokens.begin(), tokens.end());
  }
  bool Cancelled() const override { return cancel_after-- == 0; }

  std::vector<std::string> texts;
  std::vector<TokenId> tokens;
  mutable int cancel_after = -1;
};

class GeneratorTest : public ::testing::Test {
 protected:
  absl::StatusOr<GenerationResult> Run(std::vector<TokenId> script, int context = kContext) {
    decoder_ = std::make_unique<FakeDecoder>(std::move(script), context);
    return RunGeneration(request_, prompt_, kChunk, tokenizer_, *decoder_, &sink_);
  }

  FakeTokenizer tokenizer_{Pieces()};
  std::unique_ptr<FakeDecoder> decoder_;
  RecordingSink sink_;
  GenerationRequest request_;
  EncodedPrompt prompt_ = {.tokens = {0, 1}};
};

// SentencePiece's vocabularies put a space in front of a word that begins a text.
TEST_F(GeneratorTest, AReplyLosesTheSpaceItBeginsWithAndAContinuationKeepsIt) {
  tokenizer_.strips_leading_space = true;
  prompt_.is_chat = true;
  EXPECT_EQ(Run({6, 1, 2, 1, 7})->text, "world wor");
  prompt_.is_chat = false;
  EXPECT_EQ(Run({1, 2, 7})->text, " world");
  tokenizer_.strips_leading_space = false;
  prompt_.is_chat = true;
  EXPECT_EQ(Run({1, 2, 7})->text, " world");
}

TEST_F(GeneratorTest, EndOfTextIsNeitherInTextNorInTokens) {
  const auto result = Run({0, 1, 2, 7});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text, "Hello world");
  EXPECT_THAT(result->tokens, ElementsAre(0, 1, 2));
  EXPECT_EQ(result->finish_reason, FinishReason::kEndOfText);
  EXPECT_EQ(result->prompt_tokens, 2);
  EXPECT_THAT(sink_.texts, ElementsAre("Hello", " wor", "ld"));
}

TEST_F(GeneratorTest, IgnoredEndOfTextGoesOnToTheLength) {
  request_.ignore_end_of_text = true;
  request_.max_new_tokens = 3;
  const auto result = Run({0, 7, 3});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text, "Hello!");
  EXPECT_THAT(result->tokens, ElementsAre(0, 7, 3));
  EXPECT_EQ(result->finish_reason, FinishReason::kLength);
}

TEST_F(GeneratorTest, StopStringAcrossTokensEndsTheText) {
  request_.stop = {"o world"};
  const auto result = Run({0, 1, 2, 3});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text, "Hell");
  EXPECT_THAT(result->tokens, ElementsAre(0, 1, 2));
  EXPECT_EQ(result->finish_reason, FinishReason::kStopString);
  EXPECT_THAT(sink_.texts, ElementsAre("Hell"));
}

TEST_F(GeneratorTest, CharactersAreNeverCut) {
  const auto result = Run({0, 4, 5, 4, 7});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(sink_.texts, ElementsAre("Hello", "é", "\xEF\xBF\xBD"));
  EXPECT_THAT(sink_.tokens, ElementsAre(0, 4, 5, 4));
}

TEST_F(GeneratorTest, SpecialTokensGiveNoText) {
  const auto result = Run({6, 0, 7});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text, "Hello");
  EXPECT_THAT(result->tokens, ElementsAre(6, 0));
}

TEST_F(GeneratorTest, PromptIsReadInChunksAndEachTokenAtItsPosition) {
  prompt_.tokens = {0, 1, 2, 3, 0, 1, 2, 3, 0};
  const auto result = Run({1, 2, 7});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(decoder_->calls,
              ElementsAre(FakeDecoder::Call{{0, 1, 2, 3}, 0}, FakeDecoder::Call{{0, 1, 2, 3}, 4},
                          FakeDecoder::Call{{0}, 8}, FakeDecoder::Call{{1}, 9},
                          FakeDecoder::Call{{2}, 10}));
}

TEST_F(GeneratorTest, TextEndsWithTheContext) {
  const auto result = Run({0, 1, 2, 3, 0}, 5);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->tokens, ElementsAre(0, 1, 2));
  EXPECT_EQ(result->finish_reason, FinishReason::kLength);
}

TEST_F(GeneratorTest, CancellationEndsWithinOneToken) {
  sink_.cancel_after = 2;
  const auto result = Run({0, 1, 2, 3, 7});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(sink_.tokens, ElementsAre(0, 1));
  EXPECT_EQ(decoder_->calls.size(), 2U);
}

TEST_F(GeneratorTest, CancellationEndsBetweenChunks) {
  prompt_.tokens = {0, 1, 2, 3, 0, 1, 2, 3, 0};
  sink_.cancel_after = 1;
  EXPECT_EQ(Run({7}).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(decoder_->calls.size(), 1U);
}

TEST_F(GeneratorTest, PastDeadlineComputesNothing) {
  request_.deadline = absl::Now() - absl::Seconds(1);
  EXPECT_EQ(Run({7}).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(decoder_->calls.empty());
}

TEST_F(GeneratorTest, TimingsAddUp) {
  request_.arrival = absl::Now() - absl::Seconds(2);
  const auto result = Run({0, 1, 2, 7});
  ASSERT_TRUE(result.ok()) << result.status();
  const GenerationTimings& t = result->timings;
  EXPECT_GE(t.queue, absl::Seconds(2));
  EXPECT_GE(t.first_token, t.queue + t.prefill);
  EXPECT_GE(t.total, t.first_token + 2 * t.per_token);
  EXPECT_LT(t.total, absl::Seconds(60));
  EXPECT_GT(t.per_token, absl::ZeroDuration());
}

TEST_F(GeneratorTest, OneTokenHasNoTimePerToken) {
  const auto result = Run({0, 7});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->timings.per_token, absl::ZeroDuration());
}

TEST_F(GeneratorTest, BadRequestsAreInvalid) {
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
