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

TEST(ParserTest, ChainsAreFlat) {
  const auto program = ParseTemplate("{{ a + b - c }}");
  ASSERT_TRUE(program.ok()) << program.status();
  ASSERT_EQ(program->size(), 1);
  const Expression& sum = program->front().expression;
  EXPECT_EQ(sum.kind, ExpressionKind::kChain);
  EXPECT_EQ(sum.operands.size(), 3);
  EXPECT_EQ(sum.names, (std::vector<std::string>{"+", "-"}));
}

TEST(ParserTest, FiltersBindTighterThanOperators) {
  const auto program = ParseTemplate("{{ a ~ b | upper }}");
  ASSERT_TRUE(program.ok()) << program.status();
  const Expression& concat = program->front().expression;
  EXPECT_EQ(concat.kind, ExpressionKind::kConcat);
  EXPECT_EQ(concat.operands[1].kind, ExpressionKind::kFilter);
}

TEST(ParserTest, ForHasFilterAndElse) {
  const auto program = ParseTemplate("{% for a, b in c if a %}x{% else %}y{% endfor %}");
  ASSERT_TRUE(program.ok()) << program.status();
  const Statement& loop = program->front();
  EXPECT_EQ(loop.kind, StatementKind::kFor);
  EXPECT_EQ(loop.target.items.size(), 2);
  EXPECT_EQ(loop.filter.size(), 1);
  EXPECT_EQ(loop.body.size(), 1);
  EXPECT_EQ(loop.otherwise.size(), 1);
}

TEST(ParserTest, UnsupportedConstructsAreNamedWithTheirLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a\n{% include 'x' %}", "line 2: block 'include' is not supported"},
      {"{{ x | wordwrap }}", "filter 'wordwrap'"},
      {"{{ x is blue }}", "test 'blue'"},
      {"{% for a in x recursive %}{% endfor %}", "recursive"},
      {"{{ f(*x) }}", "an argument with '*'"},
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
                                          "\n{{ 99999999999999999999 }}"};
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
