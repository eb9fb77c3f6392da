// Tests of the names of split GGUF files.
#include "base/gguf_parts.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

using testing::ElementsAre;

TEST(GgufPartNameTest, ParsesPartNames) {
  const auto name = ParseGgufPartName("a/b-of-00001-00002-of-00013.gguf");
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->prefix, "a/b-of-00001");
  EXPECT_EQ(name->number, 2);
  EXPECT_EQ(name->count, 13);
  EXPECT_EQ(name->PathOf(13), "a/b-of-00001-00013-of-00013.gguf");
  for (const char* other :
       {"", ".gguf", "a.gguf", "a-00001-of-00002", "a-0001-of-00002.gguf", "-of-00002.gguf",
        "a-0000x-of-00002.gguf", "-00001-of-00002.gguf", "a-00000-of-00002.gguf",
        "a-00003-of-00002.gguf", "a-00001-of-01025.gguf"}) {
    EXPECT_FALSE(ParseGgufPartName(other).has_value()) << other;
  }
}

TEST(GgufPartNameTest, ListsAllPartsOfAModel) {
  EXPECT_THAT(GgufParts("a-00002-of-00002.gguf"),
              ElementsAre("a-00001-of-00002.gguf", "a-00002-of-00002.gguf"));
  EXPECT_THAT(GgufParts("a.gguf"), ElementsAre("a.gguf"));
}

TEST(GgufPartNameTest, TheFirstPartRepresentsTheModel) {
  EXPECT_FALSE(IsLaterGgufPart("a.gguf"));
  EXPECT_FALSE(IsLaterGgufPart("a-00001-of-00002.gguf"));
  EXPECT_TRUE(IsLaterGgufPart("a-00002-of-00002.gguf"));
}

}  // namespace
}  // namespace assay
