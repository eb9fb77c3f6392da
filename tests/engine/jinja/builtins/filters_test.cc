// Filters; the golden templates compare all of them with jinja2.
#include "engine/jinja/builtins/filters.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/jinja/render.h"

namespace assay::jinja {
namespace {

using testing::HasSubstr;

TEST(FiltersTest, StripWhitespaceLikePython) {
  EXPECT_EQ(*Render("[{{ x | trim }}]", R"({"x": "\u3000 x\u00a0"})"), "[x]");
}

TEST(FiltersTest, SortIsStableAndCaseInsensitive) {
  EXPECT_EQ(*Render("{{ ['b', 'A', 'a', 'B'] | sort | join }}"), "AabB");
  EXPECT_EQ(
      *Render("{{ [[1, 'b'], [0, 'c'], [1, 'a']] | sort(attribute=0) | map('last') | join }}"),
      "cba");
}

TEST(FiltersTest, SelectAppliesTestsToAttributes) {
  EXPECT_EQ(*Render("{{ x | selectattr('a.b', 'gt', 1) | map(attribute='c', default='-') | join }}",
                    R"({"x": [{"a": {"b": 1}}, {"a": {"b": 2}}, {"a": {"b": 3}, "c": "z"}]})"),
            "-z");
}

TEST(FiltersTest, ToJsonKeepsCharactersOfHtml) {
  EXPECT_EQ(*Render("{{ x | tojson(indent=1) }}", R"({"x": {"b": "<é&'>"}})"),
            "{\n \"b\": \"<é&'>\"\n}");
}

TEST(FiltersTest, ErrorsNameTheFilterAndTheType) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{{ 'x' | abs }}", "abs needs a number, not str"},
      {"{{ 'x' | items }}", "items needs a dictionary, not str"},
      {"{{ 5 | indent }}", "indent needs a string, not int"},
      {"{{ 'x' | indent([]) }}", "indent needs an integer or a string, not list"},
      {"{{ ['x'] | map('indent', 2000) | list }}", "an indent of 2000 spaces; at most 1000"},
      {"{{ [1] | select(2) | list }}", "select needs the name of a test, not int"},
      {"{{ [1] | batch(0) | list }}", "it must be 1 to 100000"},
      {"{{ 2.5 | round(1, 'x') }}", "common, ceil or floor"},
      {"{{ 'a' | replace('a') }}", "replace: argument 'new' is missing"},
  };
  for (const auto& [source, message] : cases) {
    EXPECT_THAT(std::string(Render(source).status().message()), HasSubstr("line 1: "));
    EXPECT_THAT(std::string(Render(source).status().message()), HasSubstr(message)) << source;
  }
}

TEST(FiltersTest, PathsFindNestedItems) {
  const Value value = *ReadJson(R"({"a": [{"b": "c"}]})", "x");
  EXPECT_EQ(*ResolvePath(value, Value::String("a.0.b"))->AsString(), "c");
  EXPECT_TRUE(ResolvePath(value, Value::String("z"))->IsUndefined());
  EXPECT_FALSE(ResolvePath(value, Value::String("z.b")).ok());
}

}  // namespace
}  // namespace assay::jinja
