// Methods of strings; the golden templates compare them with Python.
#include "engine/jinja/builtins/string_methods.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/jinja/render.h"

namespace assay::jinja {
namespace {

using testing::HasSubstr;

TEST(StringMethodsTest, StripsUnicodeWhitespace) {
  EXPECT_EQ(*Render("[{{ x.strip() }}]", R"({"x": "\u3000 x\u00a0"})"), "[x]");
}

TEST(StringMethodsTest, SplitsFromBothEnds) {
  EXPECT_EQ(*Render("{{ ' a  b c '.split() }}"), "['a', 'b', 'c']");
  EXPECT_EQ(*Render("{{ ' a  b c '.split(none, 1) }}"), "['a', 'b c ']");
  EXPECT_EQ(*Render("{{ 'a,b,c'.rsplit(',', 1) }}"), "['a,b', 'c']");
}

TEST(StringMethodsTest, FindsByCharacters) {
  EXPECT_EQ(*Render("{{ 'é世a'.find('a') }} {{ 'é世a'.find('z') }} {{ 'aaa'.count('') }}"),
            "2 -1 4");
}

TEST(StringMethodsTest, ErrorsNameTheMethod) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{{ 'x'.split('') }}", "split() needs a separator that is not empty"},
      {"{{ ','.join([1]) }}", "join() needs strings, not int"},
      {"{{ 'x'.startswith(1) }}", "startswith() needs a string, not int"},
      {"{{ 'x'.index('y') }}", "index(): the string has no such part"},
      {"{{ 'x'.ljust(10001) }}", "ljust() needs a width of at most 10000"},
  };
  for (const auto& [source, message] : cases) {
    EXPECT_THAT(std::string(Render(source).status().message()), HasSubstr(message)) << source;
  }
}

TEST(StringMethodsTest, MethodsThatChangeAValueDoNotExist) {
  EXPECT_THAT(std::string(Render("{{ [1].append(2) }}").status().message()),
              HasSubstr("'append' is undefined"));
}

}  // namespace
}  // namespace assay::jinja
