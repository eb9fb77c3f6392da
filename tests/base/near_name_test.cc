// Tests of spelling suggestions.
#include "base/near_name.h"

#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(NearNameTest, SuggestsTheNearestNameWithinTwoEdits) {
  EXPECT_EQ(NearestName("linkdin", {"twitter", "linkedin"}), "linkedin");
  EXPECT_EQ(NearestName("blgo", {"blog", "email"}), "blog");
  EXPECT_EQ(NearestName("tecnicl", {"technical"}), "technical");
  EXPECT_EQ(NearestName("facebook", {"twitter", "linkedin"}), "");
  EXPECT_EQ(NearestName("x", {}), "");
}

}  // namespace
}  // namespace assay
