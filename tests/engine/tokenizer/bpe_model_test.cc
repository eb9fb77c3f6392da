// Unknown characters and byte tokens of BPE.
#include "engine/tokenizer/bpe_model.h"

#include <string_view>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;

constexpr TokenId kUnknown = 9;

std::vector<TokenId> Encode(const BpeOptions& options, std::string_view piece) {
  VocabularyIds ids = {{"a", 0}, {"b", 1}, {"ab", 2}, {"<0xC3>", 3}, {"<0xA9>", 4}};
  auto merges = BytePairMerges::Make(std::vector<BytePairMerges::Pair>{{"a", "b"}}, ids);
  EXPECT_TRUE(merges.ok()) << merges.status();
  std::vector<TokenId> out;
  EXPECT_TRUE(BpeModel(std::move(ids), *std::move(merges), options).Encode(piece, &out).ok());
  return out;
}

TEST(BpeModelTest, UnknownCharactersBecomeBytesOrTheUnknownToken) {
  EXPECT_THAT(Encode({.byte_fallback = true}, "ab\u00e9"), ElementsAre(2, 3, 4));
  EXPECT_THAT(Encode({.byte_fallback = true, .unknown = kUnknown}, "a\u4e16"),
              ElementsAre(0, kUnknown));
  EXPECT_THAT(Encode({}, "a\u00e9"), ElementsAre(0));
}

TEST(BpeModelTest, AdjacentUnknownCharactersFuseOnRequest) {
  EXPECT_THAT(Encode({.unknown = kUnknown}, "xyab"), ElementsAre(kUnknown, kUnknown, 2));
  EXPECT_THAT(Encode({.unknown = kUnknown, .fuse_unknown = true}, "xyab"),
              ElementsAre(kUnknown, 2));
}

TEST(BpeModelTest, ByteTokensHaveTwoUpperCaseDigits) {
  EXPECT_EQ(ByteTokenSpelling(0x0A), "<0x0A>");
  EXPECT_EQ(ParseByteToken("<0xFF>"), 0xFF);
  for (const std::string_view spelling : {"<0xff>", "<0xF>", "<0xFFF>", "0xFF", ""}) {
    EXPECT_FALSE(ParseByteToken(spelling).has_value()) << spelling;
  }
}

}  // namespace
}  // namespace assay::engine
