// The statements of templates, and what the parser refuses.
#include "engine/jinja/syntax/parser.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

using testing::HasSubstr;

// Returns the first statement of a template.
Statement ParseOne(const std::string& source) {
  const auto program = ParseTemplate(source);
  EXPECT_TRUE(program.ok()) << program.status();
  if (!program.ok() || program->front().body.empty()) return {};
  EXPECT_EQ(program->front().kind, StatementKind::kTemplate);
  return program->front().body.front();
}

TEST(ParserTest, ArgumentsAreNamedAndExpanded) {
  const Statement print = ParseOne("{{ f(a, *b, c=d, **e) }}");
  const Expression& call = print.expression;
  ASSERT_EQ(call.operands.size(), 5);
  EXPECT_TRUE(call.has_list);
  EXPECT_TRUE(call.has_map);
  EXPECT_EQ(call.names, std::vector<std::string>{"c"});
  EXPECT_EQ(call.operands[2].name, "d");
  EXPECT_EQ(call.operands[3].name, "b");
}

TEST(ParserTest, CallBlocksHaveParameters) {
  const Statement call = ParseOne("{% call(a, b=1) f(x) %}y{% endcall %}");
  EXPECT_EQ(call.kind, StatementKind::kCall);
  EXPECT_EQ(call.targets.size(), 2);
  EXPECT_EQ(call.defaults.size(), 1);
  EXPECT_EQ(call.expression.kind, ExpressionKind::kCall);
}

TEST(ParserTest, ChainsAreFlat) {
  const Statement print = ParseOne("{{ a + b - c }}");
  const Expression& sum = print.expression;
  EXPECT_EQ(sum.kind, ExpressionKind::kChain);
  EXPECT_EQ(sum.operands.size(), 3);
  EXPECT_EQ(sum.names, (std::vector<std::string>{"+", "-"}));
}

TEST(ParserTest, FiltersBindTighterThanOperators) {
  const Statement print = ParseOne("{{ a ~ b | upper }}");
  const Expression& concat = print.expression;
  ASSERT_EQ(concat.operands.size(), 2);
  EXPECT_EQ(concat.kind, ExpressionKind::kConcat);
  EXPECT_EQ(concat.operands[1].kind, ExpressionKind::kFilter);
}

TEST(ParserTest, ForHasFilterAndElse) {
  const Statement loop = ParseOne("{% for a, b in c if a recursive %}x{% else %}y{% endfor %}");
  EXPECT_EQ(loop.kind, StatementKind::kFor);
  EXPECT_EQ(loop.target.items.size(), 2);
  EXPECT_EQ(loop.filter.size(), 1);
  EXPECT_EQ(loop.body.size(), 1);
  EXPECT_EQ(loop.otherwise.size(), 1);
  EXPECT_TRUE(loop.recursive);
}

TEST(ParserTest, UnsupportedConstructsAreNamedWithTheirLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a\n{% include 'x' %}", "line 2: block 'include' is not supported"},
      {"{% import 'x' as y %}", "block 'import'"},
      {"{% extends 'x' %}", "block 'extends'"},
      {"{% block x %}{% endblock %}", "block 'block'"},
      {"{% autoescape true %}{% endautoescape %}", "block 'autoescape'"},
      {"{{ x | urlize }}", "filter 'urlize'"},
  };
  for (const auto& [source, message] : cases) {
    const absl::Status status = ParseTemplate(source).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << source;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message)) << source;
  }
}

TEST(ParserTest, SyntaxErrorsNameTheLine) {
  const std::vector<std::string> cases = {"\n{% if x %}a",
                                          "\n{{ x",
                                          "\n{{ 'x }}",
                                          "\n{% for x %}{% endfor %}",
                                          "\n{% endif %}",
                                          "\n{{ ) }}",
                                          "\n{{ a b }}",
                                          "\n{# never closed",
                                          "\n{% if x %}{% else %}{% elif y %}{% endif %}",
                                          "\n{% unknown %}",
                                          "\n{{ x | unknown }}",
                                          "\n{{ x is unknown }}",
                                          "\n{{ f(a=1, a=2) }}",
                                          "\n{{ f(*a, *b) }}",
                                          "\n{% macro f(a, a) %}{% endmacro %}",
                                          "\n{% macro f(a=1, b) %}{% endmacro %}",
                                          "\n{% call x %}{% endcall %}",
                                          "\n{% for x in y %}{% set loop = 1 %}{% endfor %}",
                                          "\n{{ " + std::string(4301, '1') + " }}"};
  for (const std::string& source : cases) {
    const absl::Status status = ParseTemplate(source).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << source;
    EXPECT_THAT(std::string(status.message()), HasSubstr("line 2")) << source;
  }
}

TEST(ParserTest, DeepNestingIsRefused) {
  const std::string parentheses = std::string(5000, '(') + "1" + std::string(5000, ')');
  EXPECT_EQ(ParseTemplate("{{ " + parentheses + " }}").status().code(),
            absl::StatusCode::kUnimplemented);
  EXPECT_FALSE(ParseTemplate("{{ " + std::string(100000, '-') + "1 }}").ok());
  std::string negations = "{{ ";
  std::string attributes = "{{ x";
  for (int i = 0; i < 100000; ++i) {
    negations += "not ";
    attributes += ".a";
  }
  EXPECT_FALSE(ParseTemplate(negations + "1 }}").ok());
  EXPECT_FALSE(ParseTemplate(attributes + " }}").ok());
}

}  // namespace
}  // namespace assay::jinja
