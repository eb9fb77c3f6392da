// Tests of the stable request hash.
#include "registry/routing/request_hash.h"

#include "gtest/gtest.h"

namespace assay::registry {
namespace {

// The value was computed with Python (hashlib). No restart, machine or library may change it.
TEST(RequestHashTest, IsTheSameEverywhere) {
  EXPECT_DOUBLE_EQ(UnitHash({"customer-7", "email", "a"}), 0.011152381128378963);
}

TEST(RequestHashTest, DependsOnThePartsAndNotOnlyOnTheirText) {
  EXPECT_NE(UnitHash({"ab", "c"}), UnitHash({"a", "bc"}));
  EXPECT_NE(UnitHash({"a", ""}), UnitHash({"a"}));
}

TEST(RequestHashTest, IsBetweenZeroAndOne) {
  for (const char* text : {"", "a", "b", "customer-7"}) {
    EXPECT_GT(UnitHash({text}), 0) << text;
    EXPECT_LT(UnitHash({text}), 1) << text;
  }
}

}  // namespace
}  // namespace assay::registry
