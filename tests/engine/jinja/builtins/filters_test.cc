// Filters; the golden templates compare all of them with jinja2.
#include "engine/jinja/builtins/filters.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
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
      {"{{ 'x' | items | list }}", "items needs a dictionary, not str"},
      {"{{ 5 | indent }}", "indent needs a string, not int"},
      {"{{ 'x' | indent([]) }}", "indent needs an integer or a string, not list"},
      {"{{ ['x'] | map('indent', 20000) | list }}", "an indent of 20000 spaces; at most 10000"},
      {"{{ [1] | select(2) | list }}", "select needs the name of a test, not int"},
      {"{{ [1] | slice(0) | list }}", "division by zero"},
      {"{{ 2.5 | round(1, 'x') }}", "common, ceil or floor"},
      {"{{ 'a' | replace('a') }}", "replace: argument 'new' is missing"},
  };
  for (const auto& [source, message] : cases) {
    EXPECT_THAT(std::string(Render(source).status().message()), HasSubstr("line 1: "));
    EXPECT_THAT(std::string(Render(source).status().message()), HasSubstr(message)) << source;
  }
}

// An iterator reports its errors when it is consumed, as in jinja2.
TEST(FiltersTest, GeneratorsAreLazy) {
  EXPECT_EQ(*Render("{{ ['a', 1] | map('indent') | first }}"), "a");
  EXPECT_EQ(*Render("{% set unused = [1] | map('no such filter') %}x"), "x");
  EXPECT_FALSE(Render("{{ ['a', 1] | map('indent') | list }}").ok());
}

TEST(FiltersTest, RoundsLikePython) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"2.5 | round", "2.0"},
      {"2.675 | round(2)", "2.67"},
      {"15 | round(-1)", "20"},
      {"25 | round(-1)", "20"},
      {"2.5 | round(none)", "2"},
      {"1.21 | round(1, 'ceil')", "1.3"},
      {"-1.21 | round(1, 'floor')", "-1.3"},
      {"1234.5 | round(-2)", "1200.0"}};
  for (const auto& [source, expected] : cases) {
    EXPECT_EQ(*Render("{{ " + source + " }}"), expected) << source;
  }
}

TEST(FiltersTest, ReadsNumbersLikePython) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"' 1_000 ' | int", "1000"},     {"'٣' | int", "3"},
      {"'0x1F' | int(base=16)", "31"}, {"'0b11' | int(0, 0)", "3"},
      {"'1.9e3' | int", "1900"},       {"'x' | int(7)", "7"},
      {"'inf' | float", "inf"},        {"'1_0.5' | float", "10.5"},
      {"'1e400' | float", "inf"},      {"'99999999999999999999' | int", "99999999999999999999"}};
  for (const auto& [source, expected] : cases) {
    EXPECT_EQ(*Render("{{ " + source + " }}"), expected) << source;
  }
}

TEST(FiltersTest, GroupsHaveNamedParts) {
  EXPECT_EQ(*Render("{% for g in x | groupby('k') %}{{ g.grouper }}{{ g.list | length }}{{ g }};"
                    "{% endfor %}",
                    R"({"x": [{"k": "b"}, {"k": "A"}, {"k": "B"}]})"),
            "A1('A', [{'k': 'A'}]);b2('b', [{'k': 'b'}, {'k': 'B'}]);");
}

TEST(FiltersTest, WhatIsLeftOutIsNamed) {
  for (const std::string source : {"{{ 'a' | urlize }}", "{{ [1] | random }}"}) {
    const absl::Status status = Render(source).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << source;
    EXPECT_THAT(std::string(status.message()), HasSubstr("is not supported"));
  }
}

}  // namespace
}  // namespace assay::jinja
