// Encoding and decoding with a small byte-level tokenizer.
#include "engine/tokenizer/pipeline_tokenizer.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/tokenizer/bpe_model.h"
#include "engine/tokenizer/byte_pair_merges.h"
#include "engine/tokenizer/pre_tokenizer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Returns a tokenizer of the bytes a, b, c and space with merges, two control tokens and one
// user-defined token.
absl::StatusOr<std::unique_ptr<Tokenizer>> MakeSmall() {
  TokenizerParts parts;
  parts.spellings = {"<|end|>", "a", "b", "c", "Ġ", "ab", "abc", "bc", "<u>", "Ã", "<|end|>>"};
  VocabularyIds ids;
  for (size_t i = 0; i < parts.spellings.size(); ++i) {
    ids[parts.spellings[i]] = static_cast<TokenId>(i);
  }
  absl::StatusOr<BytePairMerges> ranked =
      BytePairMerges::Make(std::vector<std::string>{"b c", "a b", "ab c", "a bc"}, ids);
  if (!ranked.ok()) return ranked.status();
  parts.model = std::make_unique<BpeModel>(ids, *std::move(ranked), BpeOptions{.byte_level = true});
  parts.pre_tokenizer = *NamedPreTokenizer("gpt-2");
  parts.decoder.emplace_back(DecodeByteLevelStep{});
  parts.added = {{.content = "<|end|>", .id = 0, .special = true},
                 {.content = "<u>", .id = 8},
                 {.content = "<|end|>>", .id = 10, .special = true}};
  parts.eos = 0;
  return PipelineTokenizer::Make(std::move(parts));
}

class PipelineTokenizerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = MakeSmall();
    ASSERT_TRUE(made.ok()) << made.status();
    tokenizer_ = *std::move(made);
  }
  std::vector<TokenId> Encode(const std::string& text, bool special = true) {
    const auto ids = tokenizer_->Encode(text, {.parse_special = special});
    EXPECT_TRUE(ids.ok()) << ids.status();
    return ids.ok() ? *ids : std::vector<TokenId>{};
  }
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_F(PipelineTokenizerTest, TheLowestRankMergesFirst) {
  EXPECT_THAT(Encode("abc"), ElementsAre(6));
  EXPECT_THAT(Encode("ab ab"), ElementsAre(5, 4, 5));
}

TEST_F(PipelineTokenizerTest, TheLongestSpecialTokenWins) {
  EXPECT_THAT(Encode("a<|end|>>b"), ElementsAre(1, 10, 2));
  EXPECT_THAT(Encode("a<|end|>b"), ElementsAre(1, 0, 2));
}

TEST_F(PipelineTokenizerTest, ControlTokensAreParsedOnlyOnRequest) {
  EXPECT_THAT(Encode("a<|end|>b<u>", /*special=*/false), ElementsAre(1, 2, 8));
  EXPECT_TRUE(tokenizer_->IsSpecial(0));
  EXPECT_FALSE(tokenizer_->IsSpecial(8));
  EXPECT_TRUE(tokenizer_->IsEndOfText(0));
}

TEST_F(PipelineTokenizerTest, DecodesToUtf8AndSkipsSpecialTokens) {
  EXPECT_EQ(*tokenizer_->Decode({0, 6, 4, 1}, false), "<|end|>abc a");
  EXPECT_EQ(*tokenizer_->Decode({0, 6, 4, 1}, true), "abc a");
  EXPECT_EQ(*tokenizer_->Decode({9}, false), "\xEF\xBF\xBD");
  EXPECT_EQ(tokenizer_->Decode({11}, false).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(tokenizer_->Decode({-1}, false).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(tokenizer_->TokenBytes(99), "");
}

TEST_F(PipelineTokenizerTest, InvalidUtf8IsRefusedWithItsOffset) {
  const std::vector<std::pair<std::string, std::string>> invalid = {
      {"\xff", "byte 0"},         {"a\xc0\xaf", "byte 1"},
      {"\xed\xa0\x80", "byte 0"}, {"ab\xf5\x80\x80\x80", "byte 2"},
      {"ok\xe2\x82", "byte 2"},   {"\xf4\x90\x80\x80", "byte 0"},
      {"\x80", "byte 0"}};
  for (const auto& [text, offset] : invalid) {
    const absl::Status status = tokenizer_->Encode(text, {}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(offset));
  }
}

TEST_F(PipelineTokenizerTest, EncodingAMillionBytesIsNotQuadratic) {
  std::string word;
  for (int i = 0; i < 500'000; ++i) word += "ab";
  EXPECT_EQ(Encode(word).size(), 500'000);
}

}  // namespace
}  // namespace assay::engine
