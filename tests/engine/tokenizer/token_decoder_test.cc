// Decoders. tests/golden/text/compare_random_tokenizers.py compares them with `tokenizers`.
#include "engine/tokenizer/token_decoder.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace assay::engine {
namespace {

template <typename... Steps>
std::vector<DecoderStep> Chain(Steps... steps) {
  std::vector<DecoderStep> chain;
  (chain.emplace_back(std::move(steps)), ...);
  return chain;
}

TEST(TokenDecoderTest, WordPieceInsertsSpacesBetweenWords) {
  const auto steps = Chain(DecodeWordPieceStep{.prefix = "##"});
  EXPECT_EQ(*DecodeTokens(steps, {"play", "##ing", "now", "!"}), "playing now!");
  EXPECT_EQ(*DecodeMiddleToken(steps, "##ing"), "ing");
  EXPECT_EQ(*DecodeMiddleToken(steps, "now"), " now");
  EXPECT_TRUE(StripsLeadingSpace(steps));
}

TEST(TokenDecoderTest, MetaspaceIsRemovedFromTheFirstToken) {
  const auto steps = Chain(DecodeMetaspaceStep{.replacement = "_"});
  EXPECT_EQ(*DecodeTokens(steps, {"_a", "_b"}), "a b");
  EXPECT_EQ(*DecodeMiddleToken(steps, "_a"), " a");
}

TEST(TokenDecoderTest, StripAfterFuseChangesTheWholeText) {
  auto steps = Chain(DecodeByteFallbackStep{}, FuseStep{},
                     StripTokenStep{.content = " ", .start = 1, .stop = 2});
  EXPECT_EQ(*DecodeTokens(steps, {"  a", "<0xC3>", "<0xA9>", " b ", " "}), " a\u00e9 b");
  EXPECT_EQ(*DecodeTokens(steps, {"<0xC3>", "b"}), "\uFFFDb");
  EXPECT_EQ(*DecodeMiddleToken(steps, "<0xC3>"), "\xC3");
  EXPECT_EQ(*DecodeMiddleToken(steps, " b"), " b");
}

TEST(TokenDecoderTest, CtcDropsRepeatedTokens) {
  const auto steps = Chain(DecodeCtcStep{.padding = "<pad>", .delimiter = "|"});
  EXPECT_EQ(*DecodeTokens(steps, {"h", "h", "<pad>", "h", "|", "i"}), "hh i");
}

TEST(TokenDecoderTest, SuffixesBecomeSpacesAndNoDecoderJoinsWithSpaces) {
  EXPECT_EQ(*DecodeTokens(Chain(DecodeSuffixStep{.suffix = "</w>"}), {"a", "b</w>", "c</w>"}),
            "ab c");
  EXPECT_EQ(*DecodeTokens(Chain(JoinWithSpacesStep{}), {"a", "b"}), "a b");
}

TEST(TokenDecoderTest, TextThatWouldGrowTooMuchIsRefused) {
  auto pattern = unicode::Regex::Compile("a");
  ASSERT_TRUE(pattern.ok());
  const auto steps = Chain(ReplaceTokenStep{*std::move(pattern), std::string(1'000'000, 'b')});
  EXPECT_EQ(DecodeTokens(steps, {std::string(100'000, 'a')}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay::engine
