// Tokens and whitespace control.
#include "engine/jinja/syntax/lexer.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using Kind = TokenKind;

std::vector<std::pair<Kind, std::string>> Lex(const std::string& source) {
  const auto tokens = LexTemplate(source);
  EXPECT_TRUE(tokens.ok()) << tokens.status();
  std::vector<std::pair<Kind, std::string>> pairs;
  if (!tokens.ok()) return pairs;
  for (const Token& token : *tokens) pairs.emplace_back(token.kind, token.text);
  return pairs;
}

TEST(LexerTest, SplitsTextAndTags) {
  EXPECT_THAT(Lex("a{{ x.y == 'b\\n' }}c"),
              ElementsAre(Pair(Kind::kText, "a"), Pair(Kind::kPrintBegin, ""),
                          Pair(Kind::kName, "x"), Pair(Kind::kSymbol, "."), Pair(Kind::kName, "y"),
                          Pair(Kind::kSymbol, "=="), Pair(Kind::kString, "b\n"),
                          Pair(Kind::kPrintEnd, ""), Pair(Kind::kText, "c"), Pair(Kind::kEnd, "")));
}

TEST(LexerTest, ReadsNumbers) {
  EXPECT_THAT(
      Lex("{{ 1_000 2.5 1e3 x.0.1 }}"),
      ElementsAre(Pair(Kind::kPrintBegin, ""), Pair(Kind::kInteger, "1_000"),
                  Pair(Kind::kFloat, "2.5"), Pair(Kind::kFloat, "1e3"), Pair(Kind::kName, "x"),
                  Pair(Kind::kSymbol, "."), Pair(Kind::kInteger, "0"), Pair(Kind::kSymbol, "."),
                  Pair(Kind::kInteger, "1"), Pair(Kind::kPrintEnd, ""), Pair(Kind::kEnd, "")));
}

TEST(LexerTest, NumbersEndWhereJinjaEndsThem) {
  EXPECT_THAT(
      Lex("{{ 0x1F 007 1if }}"),
      ElementsAre(Pair(Kind::kPrintBegin, ""), Pair(Kind::kInteger, "0x1F"),
                  Pair(Kind::kInteger, "00"), Pair(Kind::kInteger, "7"), Pair(Kind::kInteger, "1"),
                  Pair(Kind::kName, "if"), Pair(Kind::kPrintEnd, ""), Pair(Kind::kEnd, "")));
}

TEST(LexerTest, NamesHaveLettersOfAllScripts) {
  EXPECT_THAT(Lex("{{ größe }}"),
              ElementsAre(Pair(Kind::kPrintBegin, ""), Pair(Kind::kName, "größe"),
                          Pair(Kind::kPrintEnd, ""), Pair(Kind::kEnd, "")));
}

TEST(LexerTest, BlocksTrimTheirLine) {
  EXPECT_THAT(
      Lex("a\n  {% x %}\nb"),
      ElementsAre(Pair(Kind::kText, "a\n"), Pair(Kind::kBlockBegin, ""), Pair(Kind::kName, "x"),
                  Pair(Kind::kBlockEnd, ""), Pair(Kind::kText, "b"), Pair(Kind::kEnd, "")));
}

TEST(LexerTest, SignsControlWhitespace) {
  EXPECT_THAT(
      Lex("a \n {%- x -%} \n b"),
      ElementsAre(Pair(Kind::kText, "a"), Pair(Kind::kBlockBegin, ""), Pair(Kind::kName, "x"),
                  Pair(Kind::kBlockEnd, ""), Pair(Kind::kText, "b"), Pair(Kind::kEnd, "")));
  EXPECT_THAT(
      Lex("  {%+ x +%}\nb"),
      ElementsAre(Pair(Kind::kText, "  "), Pair(Kind::kBlockBegin, ""), Pair(Kind::kName, "x"),
                  Pair(Kind::kBlockEnd, ""), Pair(Kind::kText, "\nb"), Pair(Kind::kEnd, "")));
}

TEST(LexerTest, CommentsAreDroppedAndRawIsText) {
  EXPECT_THAT(
      Lex("a{# b #}{% raw %}{{ c }}{% endraw %}"),
      ElementsAre(Pair(Kind::kText, "a"), Pair(Kind::kText, "{{ c }}"), Pair(Kind::kEnd, "")));
}

TEST(LexerTest, BracketsKeepTheTagOpen) {
  EXPECT_THAT(
      Lex("{{ {'a': {}} }}"),
      ElementsAre(Pair(Kind::kPrintBegin, ""), Pair(Kind::kSymbol, "{"), Pair(Kind::kString, "a"),
                  Pair(Kind::kSymbol, ":"), Pair(Kind::kSymbol, "{"), Pair(Kind::kSymbol, "}"),
                  Pair(Kind::kSymbol, "}"), Pair(Kind::kPrintEnd, ""), Pair(Kind::kEnd, "")));
}

TEST(LexerTest, ErrorsNameTheLine) {
  for (const char* source : {"\n{{ x", "\n{{ 'x }}", "\n{# x", "\n{{ ) }}", "\n{{ $ }}"}) {
    const absl::Status status = LexTemplate(source).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << source;
    EXPECT_THAT(std::string(status.message()), HasSubstr("line 2: ")) << source;
  }
}

}  // namespace
}  // namespace assay::jinja
