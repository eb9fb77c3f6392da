#include "engine/tokenizer/spelling_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SpellingSetTest, OverlappingSpellingsAreOneRange) {
  const SpellingSet set({"<s>", "<s>x", "", "x<", "\xE2\x96\x81"});
  EXPECT_THAT(set.Find("a<s>b"), ElementsAre(TextRange{1, 4}));
  // "<s>x", then "x<", then "<s>".
  EXPECT_THAT(set.Find("<s>x<s>"), ElementsAre(TextRange{0, 7}));
  EXPECT_THAT(set.Find("<s><s>"), ElementsAre(TextRange{0, 3}, TextRange{3, 6}));
  EXPECT_THAT(set.Find("\xE2\x96\x81"), ElementsAre(TextRange{0, 3}));
  EXPECT_THAT(set.Find("<s"), IsEmpty());
  EXPECT_THAT(SpellingSet().Find("<s>"), IsEmpty());
}

TEST(SpellingSetTest, ListsTheSpellingsInAText) {
  const SpellingSet set({"<a>", "<a>b", "c"});
  EXPECT_THAT(set.SpellingsIn("x<a>bx<a>"), ElementsAre("<a>", "<a>b"));
}

TEST(SpellingSetTest, PartsAtTheEndsAreFound) {
  const SpellingSet set({"<|end|>", "<|\xC3\xA9|>"});
  EXPECT_TRUE(set.EndsWithABeginning("a <|en"));
  EXPECT_TRUE(set.EndsWithABeginning("<"));
  EXPECT_TRUE(set.EndsWithABeginning("<|\xC3"));
  // A whole spelling is a range, not an open end.
  EXPECT_FALSE(set.EndsWithABeginning("<|end|>"));
  EXPECT_FALSE(set.EndsWithABeginning("end|"));
  EXPECT_TRUE(set.BeginsWithAnEnd("|end|> a"));
  EXPECT_TRUE(set.BeginsWithAnEnd(">"));
  EXPECT_TRUE(set.BeginsWithAnEnd("\xA9|>"));
  EXPECT_FALSE(set.BeginsWithAnEnd("<|end|>"));
  EXPECT_FALSE(set.BeginsWithAnEnd("<|end"));
  EXPECT_FALSE(set.BeginsWithAnEnd(""));
}

}  // namespace
}  // namespace assay::engine
