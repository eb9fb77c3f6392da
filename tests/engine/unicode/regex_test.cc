// Patterns of tokenizers.
#include "engine/unicode/regex.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::unicode {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> Matches(const absl::StatusOr<Regex>& regex, std::string_view text) {
  EXPECT_TRUE(regex.ok()) << regex.status();
  std::vector<std::string> matches;
  if (!regex.ok()) return matches;
  const auto ranges = regex->FindAll(text);
  EXPECT_TRUE(ranges.ok()) << ranges.status();
  if (!ranges.ok()) return matches;
  for (const Regex::Range& range : *ranges) {
    matches.emplace_back(text.substr(range.begin, range.end - range.begin));
  }
  return matches;
}

TEST(RegexTest, FindsMatchesFromLeftToRight) {
  EXPECT_THAT(Matches(Regex::Compile(R"(\p{L}+|\p{N}{1,3})"), "ab12345é!"),
              ElementsAre("ab", "123", "45", "é"));
  EXPECT_THAT(Matches(Regex::Compile("a*"), "baab"), ElementsAre("aa"));
}

TEST(RegexTest, SpacesAreUnicodesWhiteSpace) {
  EXPECT_THAT(Matches(Regex::Compile(R"(\s)"), "a\u3000b\u180ec"), ElementsAre("\u3000"));
  EXPECT_THAT(Matches(Regex::Compile(R"([^\sa]+)"), "a b\u2028"), ElementsAre("b"));
  EXPECT_THAT(Matches(Regex::Compile(R"(\s+(?!\S))"), "a  b"), ElementsAre(" "));
}

TEST(RegexTest, LiteralsMatchThemselves) {
  EXPECT_THAT(Matches(Regex::Literal("a.*[é"), "xa.*[éa"), ElementsAre("a.*[é"));
  EXPECT_THAT(Matches(Regex::Literal(" "), "ab"), IsEmpty());
}

TEST(RegexTest, InvalidPatternsAreNamed) {
  const absl::Status status = Regex::Compile("(a").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the pattern (a is not supported: "));
  EXPECT_THAT(std::string(Regex::Compile(std::string(70000, 'a')).status().message()),
              HasSubstr("has 70000 bytes; at most 65536"));
}

TEST(RegexTest, BacktrackingWithoutEndIsAnError) {
  const auto regex = Regex::Compile("(a|aa)+$");
  ASSERT_TRUE(regex.ok()) << regex.status();
  EXPECT_EQ(regex->FindAll(std::string(200, 'a') + "b").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(RegexTest, WordsAndHexDigitsAreOnigurumas) {
  EXPECT_THAT(Matches(Regex::Compile(R"(\w+)"), "a\u0301\u203fb c\u24b6!"),
              ElementsAre("a\u0301\u203fb", "c\u24b6"));
  // Oniguruma has two tables for Latin-1.
  EXPECT_THAT(Matches(Regex::Compile(R"(\w)"), "\u00bd"), ElementsAre("\u00bd"));
  EXPECT_THAT(Matches(Regex::Compile(R"([^\w])"), "\u00bd"), ElementsAre("\u00bd"));
  EXPECT_THAT(Matches(Regex::Compile(R"(\h+)"), "x1aFg \t"), ElementsAre("1aF"));
}

// BLOOM's tokenizer.json has a class within a class.
TEST(RegexTest, ClassesWithinClassesAreUnited) {
  EXPECT_THAT(Matches(Regex::Compile(R"( ?[^(\s|[.,!?])]+)"), "a (b| c.d)"),
              ElementsAre("a", "b", " c", "d"));
  EXPECT_THAT(Matches(Regex::Compile("[]a]+"), "b]a"), ElementsAre("]a"));
  EXPECT_THAT(Matches(Regex::Compile("[[:digit:]x]+"), "a1x2"), ElementsAre("1x2"));
  for (const char* pattern : {"[a&&b]", "[a[^b]]", "[a", R"([\H])"}) {
    EXPECT_EQ(Regex::Compile(pattern).status().code(), absl::StatusCode::kUnimplemented) << pattern;
  }
}

// Matches are found in windows of positions and in a part of the text first. Neither may change
// them, wherever they begin and end.
TEST(RegexTest, LongMatchesAndGapsAreFoundWhole) {
  for (const size_t size : {size_t{15}, size_t{16}, size_t{17}, size_t{4095}, size_t{4096},
                            size_t{4097}, size_t{40'000}, size_t{300'000}}) {
    const std::string run(size, 'a');
    const std::string spaces(size, ' ');
    EXPECT_THAT(Matches(Regex::Compile("a+b"), run + "b"), ElementsAre(run + "b"));
    EXPECT_THAT(Matches(Regex::Compile("b"), run + "b" + run), ElementsAre("b"));
    EXPECT_THAT(Matches(Regex::Compile(R"(\s+(?!\S)|\S+)"), spaces + "x"),
                ElementsAre(spaces.substr(1), "x"));
    EXPECT_THAT(Matches(Regex::Compile("a+$"), run), ElementsAre(run));
    EXPECT_THAT(Matches(Regex::Compile("(?<=b)a+"), run + "b" + run), ElementsAre(run));
    std::string accents;
    for (size_t i = 0; i < size; ++i) accents += "\u00e9";
    EXPECT_THAT(Matches(Regex::Compile(R"([\p{L}\p{M}]+|.)"), accents + "1"),
                ElementsAre(accents, "1"));
    EXPECT_THAT(Matches(Regex::Compile("1"), accents + "1"), ElementsAre("1"));
  }
}

}  // namespace
}  // namespace assay::unicode
