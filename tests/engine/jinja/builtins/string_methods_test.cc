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

TEST(StringMethodsTest, TakeAllArgumentsOfPython) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"'abcabc'.find('a', 1)", "3"},
      {"'abcabc'.rfind('a', 0, -3)", "0"},
      {"'abc'.find('', 4)", "-1"},
      {"'aXbX'.count('X', 2)", "1"},
      {"'abc'.startswith('b', 1)", "True"},
      {"'abc'.endswith(('x', 'b'), 0, 2)", "True"},
      {"'中'.isalpha()", "True"},
      {"'٣'.isdigit()", "True"},
      {"'²'.isdecimal()", "False"},
      {"'½'.isnumeric()", "True"},
      {"'ab'.center(5, '*')", "**ab*"},
      {"'-7'.zfill(4)", "-007"},
      {"'a\\tb'.expandtabs(4)", "a   b"},
      {"'Straße'.casefold()", "strasse"},
      {"'aB'.swapcase()", "Ab"},
      {"'a1b'.translate({97: 'x', 98: none})", "x1"},
      {"'abc'.translate('a'.maketrans('ab', 'xy', 'c'))", "xy"},
      {"'{0.x[1]!r:>5}'.format({'x': 'ab'})", "  'b'"},
      {"'{:{}}|'.format('a', 3)", "a  |"},
      {"'{a}'.format_map({'a': 1})", "1"}};
  for (const auto& [source, expected] : cases) {
    EXPECT_EQ(*Render("{{ " + source + " }}"), expected) << source;
  }
}

TEST(StringMethodsTest, ErrorsNameTheMethod) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{{ 'x'.split('') }}", "split() needs a separator that is not empty"},
      {"{{ ','.join([1]) }}", "join() needs strings, not int"},
      {"{{ 'x'.startswith(1) }}", "startswith() needs a string, not int"},
      {"{{ 'x'.index('y') }}", "index(): the string has no such part"},
      {"{{ 'x'.ljust(9999999) }}", "a string grows beyond 4 MiB"},
      {"{{ 'x'.ljust(5, 'ab') }}", "ljust() needs one character to fill with"},
      {"{{ 'x'.find(part='x') }}", "find takes no argument by name"},
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
