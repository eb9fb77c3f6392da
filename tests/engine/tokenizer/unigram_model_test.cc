// Unigram segmentation.
#include "engine/tokenizer/unigram_model.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<UnigramModel::Piece> kPieces = {{"<unk>", 0}, {"a", -2},      {"b", -2},
                                                  {"ab", -3},   {"<0xC3>", -9}, {"<0xA9>", -9}};

std::vector<TokenId> Encode(std::optional<TokenId> unknown, bool byte_fallback,
                            std::string_view piece) {
  const auto model = UnigramModel::Make(kPieces, unknown, byte_fallback);
  EXPECT_TRUE(model.ok()) << model.status();
  std::vector<TokenId> out;
  EXPECT_TRUE((*model)->Encode(piece, &out).ok());
  return out;
}

TEST(UnigramModelTest, TheMostProbableSegmentationWins) {
  EXPECT_THAT(Encode(0, false, "aabb"), ElementsAre(1, 3, 2));
}

TEST(UnigramModelTest, AdjacentUnknownCharactersAreOneToken) {
  EXPECT_THAT(Encode(0, false, "axyb"), ElementsAre(1, 0, 2));
  EXPECT_THAT(Encode(0, true, "\u00e9"), ElementsAre(4, 5));
}

TEST(UnigramModelTest, UnknownCharactersAreAnErrorWithoutAnUnknownToken) {
  std::vector<TokenId> out;
  const auto model = UnigramModel::Make(kPieces, std::nullopt, false);
  EXPECT_EQ((*model)->Encode("axyb", &out).code(), absl::StatusCode::kInvalidArgument);
}

TEST(UnigramModelTest, LongPiecesAreRefused) {
  const absl::Status status =
      UnigramModel::Make({{std::string(513, 'a'), 0}}, std::nullopt, false).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("token 0 has 513 bytes; at most 512"));
}

}  // namespace
}  // namespace assay::engine
