// WordPiece and WordLevel.
#include "engine/tokenizer/word_models.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/patience.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;

const VocabularyIds& Ids() {
  static const auto* const kIds = new VocabularyIds{{"[UNK]", 0}, {"play", 1},   {"##ing", 2},
                                                    {"##i", 3},   {"\u00fc", 4}, {"##\u00fc", 5}};
  return *kIds;
}

std::vector<TokenId> Encode(const std::string& word, WordPieceOptions options = {}) {
  const auto model = WordPieceModel::Make(Ids(), std::move(options));
  EXPECT_TRUE(model.ok()) << model.status();
  std::vector<TokenId> ids;
  EXPECT_TRUE((*model)->Encode(word, &ids).ok());
  return ids;
}

TEST(WordPieceModelTest, TheLongestPiecesWin) {
  EXPECT_THAT(Encode("playing"), ElementsAre(1, 2));
  EXPECT_THAT(Encode("playi\u00fc"), ElementsAre(1, 3, 5));
  EXPECT_THAT(Encode("\u00fcing"), ElementsAre(4, 2));
}

TEST(WordPieceModelTest, AWordThatCannotBeSplitIsUnknown) {
  EXPECT_THAT(Encode("playx"), ElementsAre(0));
  EXPECT_THAT(Encode("playing", {.max_word_characters = 6}), ElementsAre(0));
  std::vector<TokenId> ids;
  const auto model = WordPieceModel::Make(Ids(), {.unknown = "<none>"});
  EXPECT_EQ((*model)->Encode("x", &ids).code(), absl::StatusCode::kInvalidArgument);
}

TEST(WordPieceModelTest, LongWordsAreNotQuadratic) {
  const absl::Time start = absl::Now();
  std::string word = "play";
  for (int i = 0; i < 300'000; ++i) word += "ing";
  EXPECT_EQ(Encode(word, {.max_word_characters = word.size()}).size(), 300'001);
  EXPECT_LT(absl::Now() - start, Patience(absl::Seconds(5)));
  EXPECT_EQ(WordPieceModel::Make({{std::string(1025, 'a'), 0}}, {}).status().code(),
            absl::StatusCode::kUnimplemented);
}

TEST(WordLevelModelTest, AWordIsATokenOrUnknown) {
  std::vector<TokenId> ids;
  const WordLevelModel model(Ids(), "[UNK]");
  EXPECT_TRUE(model.Encode("play", &ids).ok());
  EXPECT_TRUE(model.Encode("playing", &ids).ok());
  EXPECT_THAT(ids, ElementsAre(1, 0));
}

}  // namespace
}  // namespace assay::engine
