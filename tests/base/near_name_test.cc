// Tests of spelling suggestions.
#include "base/near_name.h"

#include <string>

#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(NearNameTest, SuggestsTheNearestNameWithinTwoEdits) {
  EXPECT_EQ(NearestName("linkdin", {"twitter", "linkedin"}), "linkedin");
  EXPECT_EQ(NearestName("blgo", {"blog", "email"}), "blog");
  EXPECT_EQ(NearestName("tecnicl", {"technical"}), "technical");
  EXPECT_EQ(NearestName("facebook", {"twitter", "linkedin"}), "");
  EXPECT_EQ(NearestName("x", {}), "");
  EXPECT_EQ(NearestName("x", {"a", "ab"}), "");
  EXPECT_EQ(NearestName(std::string(1 << 20, 'b'), {"blog"}), "");
}

TEST(NearNameTest, SuggestsANameInAnyCase) {
  EXPECT_EQ(DidYouMean("linkdin", {"linkedin"}), "did you mean 'linkedin'? ");
  EXPECT_EQ(DidYouMean("LINKEDIN", {"linkedin"}), "did you mean 'linkedin'? ");
  EXPECT_EQ(DidYouMean("facebook", {"linkedin"}), "");
}

TEST(NearNameTest, LongNamesAreQuotedInPart) {
  EXPECT_EQ(QuotedName("blog"), "'blog'");
  EXPECT_EQ(QuotedName(std::string(64, 'a')), "'" + std::string(64, 'a') + "'");
  EXPECT_EQ(QuotedName(std::string(1000, 'a')), "'" + std::string(64, 'a') + "...' (1000 bytes)");
  EXPECT_EQ(QuotedName(std::string(63, 'a') + "\u00e9\u00e9"),
            "'" + std::string(63, 'a') + "...' (67 bytes)");
}

}  // namespace
}  // namespace assay
