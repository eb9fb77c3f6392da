// Statements, scopes, and the limits on a run.
#include "engine/jinja/interpreter.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/jinja/render.h"

namespace assay::jinja {
namespace {

using testing::HasSubstr;

std::string Error(const std::string& source, const std::string& variables = "{}") {
  return std::string(Render(source, variables).status().message());
}

TEST(InterpreterTest, VariablesOfALoopEndWithTheIteration) {
  EXPECT_EQ(*Render("{% set x = 1 %}{% for i in [2] %}{% set x = i %}{{ x }}{% endfor %}{{ x }}"),
            "21");
  EXPECT_EQ(*Render("{% set n = namespace(x=1) %}{% for i in [2] %}{% set n.x = i %}{% endfor %}"
                    "{{ n.x }}"),
            "2");
}

TEST(InterpreterTest, MacrosSeeTheScopeOfTheirDefinition) {
  EXPECT_EQ(*Render("{% set x = 1 %}{% macro f(a, b=x) %}{{ a }}{{ b }}{% endmacro %}"
                    "{% with x = 9 %}{{ f(2) }}{{ f(2, b=3) }}{% endwith %}"),
            "2123");
  EXPECT_THAT(Error("{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}"),
              HasSubstr("macro 'f': too many arguments (2); at most 1"));
}

TEST(InterpreterTest, ElseOfALoopRunsWithoutACompletedIteration) {
  EXPECT_EQ(*Render("{% for i in [] %}{% else %}a{% endfor %}"), "a");
  EXPECT_EQ(*Render("{% for i in [1] %}{% break %}{% else %}a{% endfor %}"), "a");
  EXPECT_EQ(*Render("{% for i in [1] %}{% else %}a{% endfor %}"), "");
}

TEST(InterpreterTest, BlocksAreFiltered) {
  EXPECT_EQ(*Render("{% set t | trim | upper %} a {{ 'b' }} {% endset %}[{{ t }}]"), "[A B]");
  EXPECT_EQ(*Render("{% filter upper %}a{% endfilter %}"), "A");
}

TEST(InterpreterTest, UndefinedValuesThatAreUsedAreErrors) {
  EXPECT_THAT(Error("{{ user.name }}"), HasSubstr("line 1: 'user' is undefined"));
  EXPECT_EQ(Render("{{ 1 + 'a' }}").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Render("{{ 5 % 0 }}").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(*Render("[{{ user }}{{ user is defined }}]"), "[False]");
}

TEST(InterpreterTest, MacrosHaveSpecialVariables) {
  EXPECT_EQ(*Render("{% macro f(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}"
                    "{{ f(1, 2, 3, b=4) }}"),
            "1(2, 3){'b': 4}");
  EXPECT_EQ(*Render("{% macro f(a) %}{{ caller(a, 2) }}{% endmacro %}"
                    "{% call(x, y=0) f(1) %}<{{ x }}{{ y }}>{% endcall %}"),
            "<12>");
  EXPECT_EQ(
      *Render("{% macro f(a, b=1) %}{{ varargs }}{% endmacro %}{{ f.name }} {{ f.arguments }} "
              "{{ f.catch_varargs }} {{ f.catch_kwargs }} {{ f.caller }} {{ f }}"),
      "f ('a', 'b') True False False <Macro 'f'>");
}

TEST(InterpreterTest, MacrosSeeTheLaterValuesOfVariables) {
  EXPECT_EQ(*Render("{% macro f() %}{{ x }}{% endmacro %}{% set x = 1 %}{{ f() }}"), "1");
  EXPECT_EQ(*Render("{% macro f() %}{{ x }}{% endmacro %}{% for x in [1] %}{{ f() }}{% endfor %}",
                    R"({"x": "outer"})"),
            "outer");
}

// A name that a template assigns is not the caller's variable, even before the assignment.
TEST(InterpreterTest, AssignedNamesAreNotThoseOfTheCaller) {
  EXPECT_EQ(*Render("{% for i in [1] %}[{{ x }}]{% endfor %}{% set x = 1 %}", R"({"x": 9})"), "[]");
  EXPECT_EQ(*Render("{% if flag %}{% set x = 1 %}{% endif %}{{ x }}", R"({"x": 9})"), "9");
}

TEST(InterpreterTest, LoopsTellAboutTheIteration) {
  EXPECT_EQ(*Render("{% for x in 'abc' %}{{ loop.index }}{{ loop.revindex0 }}{{ loop.previtem }}"
                    "{{ loop.nextitem }}{{ loop.cycle('x', 'y') }}{{ loop.last }} {% endfor %}"),
            "12bxFalse 21acyFalse 30bxTrue ");
  EXPECT_EQ(
      *Render("{% for x in [1, [2, [3]]] recursive %}{{ loop.depth }}"
              "{% if x is iterable %}({{ loop(x) }}){% else %}={{ x }} {% endif %}{% endfor %}"),
      "1=1 1(2=2 2(3=3 ))");
}

// The condition of a loop runs when its item is needed.
TEST(InterpreterTest, ConditionsOfLoopsSeeWhatTheBodyHasDone) {
  EXPECT_EQ(*Render("{% set ns = namespace(seen=0) %}{% for x in [1, 1, 2, 2] if x != ns.seen %}"
                    "{{ x }}{% set ns.seen = x %}{% endfor %}"),
            "12");
}

TEST(InterpreterTest, HelpersKeepTheirState) {
  EXPECT_EQ(*Render("{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}"
                    "{{ c.current }}"),
            "abab");
  EXPECT_EQ(
      *Render("{% set j = joiner('|') %}{% for x in [1, 2, 3] %}{{ j() }}{{ x }}{% endfor %}"),
      "1|2|3");
  EXPECT_EQ(*Render("{{ dict.fromkeys('ab', 1) }}{{ dict([('x', 1)], y=2) }}"),
            "{'a': 1, 'b': 1}{'x': 1, 'y': 2}");
  EXPECT_THAT(Error("{{ namespace(_x=1) }}"), HasSubstr("begins with an underscore"));
}

TEST(InterpreterTest, IntegersHaveAnySize) {
  EXPECT_EQ(*Render("{{ x }} {{ x | tojson }} {{ x + 1 }} {{ x == 18446744073709551616.0 }}",
                    R"({"x": 18446744073709551616})"),
            "18446744073709551616 18446744073709551616 18446744073709551617 True");
}

TEST(InterpreterTest, WhatIsLeftOutIsNamed) {
  for (const std::string source : {"{{ range }}", "{{ [1] | map('abs') }}", "{{ lipsum() }}",
                                   "{{ 'a'.encode() }}", "{{ (-8) ** 0.5 }}"}) {
    EXPECT_EQ(Render(source).status().code(), absl::StatusCode::kUnimplemented) << source;
    EXPECT_THAT(Error(source), HasSubstr("line 1: ")) << source;
  }
}

TEST(InterpreterTest, LongSumsAreNotNested) {
  std::string sum = "{{ 1";
  for (int i = 0; i < 100000; ++i) sum += "+1";
  EXPECT_EQ(*Render(sum + " }}"), "100001");
}

TEST(InterpreterTest, RunawayTemplatesAreStopped) {
  const nlohmann::json items = std::vector<std::string>(1500, "x");
  EXPECT_THAT(Error("{% for a in x %}{% for b in x %}{% endfor %}{% endfor %}",
                    nlohmann::json{{"x", items}}.dump()),
              HasSubstr("steps"));
  EXPECT_THAT(Error("{% for a in x %}{{ s }}{% endfor %}",
                    nlohmann::json{{"x", items}, {"s", std::string(1 << 20, 'x')}}.dump()),
              HasSubstr("writes more than"));
  std::string doubling;
  for (int i = 0; i < 8; ++i) doubling += "{% set s = s + s %}";
  EXPECT_THAT(Error(doubling, nlohmann::json{{"s", std::string(1 << 20, 'x')}}.dump()),
              HasSubstr("4 MiB"));
}

TEST(InterpreterTest, DoublingListsAreStoppedBeforeMemoryRunsOut) {
  std::string doubling = "{% set x = [1] %}";
  for (int i = 0; i < 40; ++i) doubling += "{% set x = x + x %}";
  EXPECT_THAT(Error(doubling), HasSubstr("items"));
}

TEST(InterpreterTest, HostileTemplatesEndWithAReason) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}", "nests deeper than"},
      {"{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(0) }}", "nests deeper than"},
      {"{% set ns = namespace(x=[]) %}{% for i in range(5000) %}{% set ns.x = [ns.x] %}{% endfor "
       "%}",
       "a value nests deeper than"},
      {"{{ 'x' * 99999999999 }}", "4 MiB"},
      {"{{ [1] * 99999999999 }}", "items"},
      {"{{ range(99999999999) | list }}", "items"},
      {"{{ '%99999999d' % 1 }}", "larger than"},
      {"{{ '{:99999999}'.format(1) }}", "larger than"},
      {"{{ 10 ** (10 ** 10) }}", "an integer grows beyond"},
      {"{% set ns = namespace(x=10) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}{% "
       "endfor "
       "%}",
       "an integer grows beyond"},
      {"{{ 10 ** 5000 }}", "of more than 4300 digits cannot become a string"},
      {"{% for i in range(99999) %}{% set x = 7 ** 10000 %}{% endfor %}", "steps"},
      {"{{ 'x'.center(99999999999) }}", "4 MiB"},
      {"{{ '%.99999f' % 1 }}", "larger than"},
      {"{% set ns = namespace(x=[1]) %}{% for i in range(5000) %}{% set ns.x = ns.x | map('abs') "
       "%}{% "
       "endfor %}",
       "a value nests deeper than"},
      {"{% set ns = namespace(x=()) %}{% for i in range(50) %}{% set ns.x = (ns.x, ns.x) %}{% "
       "endfor "
       "%}{{ {ns.x: 1} }}",
       "steps"},
      {"{% macro f(n) %}{{ caller }}{% call f(n) %}{% endcall %}{% endmacro %}{{ f(0) }}",
       "nests deeper than"},
      {"{% set ns = namespace() %}{% for i in range(60) %}{% set inner = namespace(x=[[[ns]]]) "
       "%}{% set "
       "ns.x = [[[inner]]] %}{% endfor %}{{ ns }}",
       "a value nests deeper than"},
      {"{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "nests deeper than"},
      {"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "steps"},
      {"{{ ['a'] | map('indent', 99999999) | list }}", "1000"},
      {"{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}", "a value nests deeper than"},
      {"{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns.me | tojson }}",
       "tojson does not support namespace"},
      {"{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set ns.s = ns.s | replace('x', "
       "'xx') %}{% endfor %}",
       "steps"},
  };
  for (const auto& [source, message] : cases) {
    EXPECT_THAT(Error(source), HasSubstr(message)) << source;
  }
}

}  // namespace
}  // namespace assay::jinja
