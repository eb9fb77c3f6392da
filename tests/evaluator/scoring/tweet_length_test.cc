// Tests of the tweet length by twitter-text's configuration, version 3.
#include "evaluator/scoring/tweet_length.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace assay::evaluator {
namespace {

TEST(TweetLengthTest, WeighsCharactersEmojiAndUrls) {
  EXPECT_EQ(TweetLength("hello"), 5);
  EXPECT_EQ(TweetLength("\u00e9"), 1);
  EXPECT_EQ(TweetLength("e\u0301"), 1);
  EXPECT_EQ(TweetLength("\u65e5\u672c"), 4);
  EXPECT_EQ(TweetLength("\u2019"), 1);
  EXPECT_EQ(TweetLength("\U0001F600"), 2);
  EXPECT_EQ(TweetLength("\U0001F468\u200D\U0001F469\u200D\U0001F467"), 2);
  EXPECT_EQ(TweetLength("see https://example.com/a/very/long/path?with=query here"), 4 + 23 + 5);
}

// Lengths from twitter-text's conformance suite for configuration 3.
TEST(TweetLengthTest, MatchesTwitterTextsConformanceSuite) {
  const auto repeated = [](std::string_view unit, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += unit;
    return text;
  };
  EXPECT_EQ(TweetLength("This is a test."), 15);
  EXPECT_EQ(TweetLength("Hi http://test.co"), 26);
  EXPECT_EQ(TweetLength("test.com"), 23);
  EXPECT_EQ(TweetLength("foo.co.jp"), 23);
  EXPECT_EQ(TweetLength("Test https://test.com test https://test.com test.com test"), 86);
  EXPECT_EQ(TweetLength(repeated("https://www.twitter.com/aloha ", 10)), 240);
  EXPECT_EQ(TweetLength(absl::StrCat("285 chars-", repeated("xxxxxxxxxx-", 25))), 285);
  EXPECT_EQ(TweetLength("randomurlrandomurlrandomurlrandomurlrandomurlrandomurlrandomurls.com"),
            68);
  EXPECT_EQ(TweetLength(repeated("\u3042", 140)), 280);
  EXPECT_EQ(TweetLength(repeated("\u4f60", 141)), 282);
  EXPECT_EQ(TweetLength("1\ufe0f\u20e3"), 2);
  EXPECT_EQ(
      TweetLength("H\U0001f431\u263a\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"),
      7);
  EXPECT_EQ(TweetLength("\U0001f637\U0001f47e\U0001f621\U0001f525\U0001f4a9"), 10);
  EXPECT_EQ(TweetLength("\U0001f64b\U0001f3fd\U0001f468\u200d\U0001f3a4"), 4);
  EXPECT_EQ(
      TweetLength("Unicode 10.0 emoji: \U0001f92a; \U0001f9d5; \U0001f9d5\U0001f3fe; \U0001f3f4"
                  "\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"),
      34);
  EXPECT_EQ(TweetLength("A\u0301B"), 2);
  EXPECT_EQ(TweetLength("a\r\nb"), 4);
}

}  // namespace
}  // namespace assay::evaluator
