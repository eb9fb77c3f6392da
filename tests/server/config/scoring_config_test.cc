// Tests reading content types and scorers.
#include "server/config/scoring_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace assay::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Read {
  std::vector<evaluator::ContentTypeProfile> profiles;
  std::vector<evaluator::CommandScorerOptions> scorers;
  std::string error;
};

Read Parse(const std::string& yaml) {
  auto document = YamlDocument::Parse(yaml, "assayd.yaml");
  EXPECT_TRUE(document.ok()) << document.status();
  YamlMap root = (*document)->root();
  Read read;
  read.profiles = ReadContentTypes(root);
  read.scorers = ReadScorers(root);
  read.error = std::string((*document)->Finish().message());
  return read;
}

TEST(ScoringConfigTest, ContentTypeOverridesTheProfileItIsLike) {
  const Read read = Parse(R"(
content_types:
  - name: press_release
    like: blog
    words: [150, 400]
    grade: [8, 14]
    max_hashtags: 0
    expects: [hook, conclusion]
    vocabulary: [Launch, founded]
    weights: { length: 2, relevance: 1 }
scorers:
  - { name: brand, command: [/usr/bin/brand, --strict], version: "3", timeout: 5s }
)");
  EXPECT_EQ(read.error, "");
  ASSERT_EQ(read.profiles.size(), 1U);
  const evaluator::ContentTypeProfile& p = read.profiles.front();
  EXPECT_EQ(p.name, "press_release");
  EXPECT_EQ(p.length.low, 150);
  EXPECT_EQ(p.grade.high, 14);
  EXPECT_THAT(p.expects, ElementsAre(evaluator::Element::kHook, evaluator::Element::kConclusion));
  EXPECT_THAT(p.vocabulary, ElementsAre("launch", "founded"));
  EXPECT_EQ(p.weights[0], 2);
  ASSERT_EQ(read.scorers.size(), 1U);
  EXPECT_THAT(read.scorers[0].command, ElementsAre("/usr/bin/brand", "--strict"));
  EXPECT_EQ(read.scorers[0].version, "3");
  EXPECT_EQ(read.scorers[0].timeout, absl::Seconds(5));
}

TEST(ScoringConfigTest, ErrorsNameFileLineAndKey) {
  EXPECT_THAT(Parse("content_types:\n  - { name: x, like: poem }").error,
              HasSubstr("assayd.yaml:2: content_types[0].like: 'poem' is not one of twitter"));
  EXPECT_THAT(Parse("content_types:\n  - { name: a b }").error, HasSubstr("'a b' must be 1 to 64"));
  EXPECT_THAT(Parse("content_types:\n  - { name: x, words: [5] }").error,
              HasSubstr("words: must be two numbers, [low, high]"));
  EXPECT_THAT(Parse("content_types:\n  - { name: x, words: [1, 2], characters: [3, 4] }").error,
              HasSubstr("set only one of words, characters and tweet_characters"));
  EXPECT_THAT(Parse("content_types:\n  - { name: x, expects: [magic] }").error,
              HasSubstr("'magic' is not one of hook, call_to_action"));
  EXPECT_THAT(Parse("content_types:\n  - { name: x, weights: { charm: 1 } }").error,
              HasSubstr("charm"));
  EXPECT_THAT(Parse("content_types: [{ name: x }, { name: x }]").error,
              HasSubstr("'x' is duplicated"));
  EXPECT_THAT(Parse("scorers: [{ name: classic, command: [x] }]").error,
              HasSubstr("'classic' is already used"));
  EXPECT_THAT(Parse("scorers: [{ name: x }]").error,
              HasSubstr("command: is required: set the program and its arguments"));
}

}  // namespace
}  // namespace assay::server
