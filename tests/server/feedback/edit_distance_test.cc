#include "server/feedback/edit_distance.h"

#include <string>

#include "gtest/gtest.h"

namespace assay::server {
namespace {

TEST(EditDistanceTest, CountsCharactersOfTheLongerText) {
  // The examples of the literature: kitten -> sitting needs 3 edits, Saturday -> Sunday also 3.
  EXPECT_DOUBLE_EQ(EditDistance("kitten", "sitting").value(), 3.0 / 7);
  EXPECT_DOUBLE_EQ(EditDistance("Saturday", "Sunday").value(), 3.0 / 8);
  EXPECT_EQ(EditDistance("", "").value(), 0);
  EXPECT_EQ(EditDistance("same", "same").value(), 0);
  EXPECT_EQ(EditDistance("abc", "").value(), 1);
  EXPECT_EQ(EditDistance("", "abc").value(), 1);
  EXPECT_EQ(EditDistance("abc", "xyz").value(), 1);
  EXPECT_DOUBLE_EQ(EditDistance("flaw", "lawn").value(), 0.5);
}

TEST(EditDistanceTest, ACharacterOfSeveralBytesCountsOnce) {
  EXPECT_DOUBLE_EQ(EditDistance("naïve", "naive").value(), 0.2);
  EXPECT_DOUBLE_EQ(EditDistance("😀a", "😎a").value(), 0.5);
  // Invalid bytes are compared one by one.
  EXPECT_DOUBLE_EQ(EditDistance("a\xff", "a\xfe").value(), 0.5);
}

TEST(EditDistanceTest, TheCommonBeginningAndEndAreFree) {
  const std::string same(1'000'000, 'x');
  EXPECT_NEAR(EditDistance(same + "left" + same, same + "right" + same).value(), 4.0 / 2'000'005,
              1e-12);
}

TEST(EditDistanceTest, ALargeDifferenceIsNotCompared) {
  const std::string a(10'000, 'a');
  const std::string b(10'000, 'b');
  EXPECT_FALSE(EditDistance(a, b).has_value());
  EXPECT_TRUE(EditDistance(a.substr(0, 1000), b).has_value());
}

}  // namespace
}  // namespace assay::server
