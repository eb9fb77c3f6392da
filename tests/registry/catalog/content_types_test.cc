// Tests of the checks of content types.
#include "registry/catalog/content_types.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::registry {
namespace {

using testing::HasSubstr;

TEST(ContentTypesTest, AcceptsShortLowerCaseWords) {
  for (const char* type : {"a", "blog", "a-b_1"}) EXPECT_TRUE(IsContentType(type)) << type;
  EXPECT_TRUE(IsContentType(std::string(32, 'a')));
  for (const char* type : {"", "1a", "-a", "_a", "Blog", "a b", "a/b", "caf\xC3\xA9"}) {
    EXPECT_FALSE(IsContentType(type)) << type;
  }
  EXPECT_FALSE(IsContentType(std::string(33, 'a')));
}

TEST(ContentTypesTest, AnUnknownTypeGetsASuggestion) {
  EXPECT_EQ(UnknownContentType("blog", {"blog", "email"}), "");
  EXPECT_EQ(UnknownContentType("anything", {}), "");
  EXPECT_THAT(UnknownContentType("blgo", {"blog", "email"}),
              HasSubstr("'blgo' is not a content type known here; did you mean 'blog'? known are "
                        "blog, email."));
  EXPECT_THAT(UnknownContentType("Blog", {"blog", "email"}), HasSubstr("did you mean 'blog'?"));
  EXPECT_THAT(UnknownContentType("poetry", {"blog", "email"}), HasSubstr("known are blog, email."));
  const std::vector<std::string> many(25, "blog");
  EXPECT_THAT(UnknownContentType("poetry", many), HasSubstr("blog and 5 more."));
  EXPECT_LT(UnknownContentType(std::string(1 << 20, 'x'), many).size(), 500);
}

}  // namespace
}  // namespace assay::registry
