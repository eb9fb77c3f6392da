#include "engine/runtime/generation/stop_matcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace assay::engine {
namespace {

bool EndsWithStop(const std::string& text, const std::vector<std::string>& stops) {
  return std::any_of(stops.begin(), stops.end(),
                     [&](const std::string& stop) { return text.ends_with(stop); });
}

size_t FirstEnd(const std::string& text, const std::vector<std::string>& stops) {
  for (size_t end = 0; end <= text.size(); ++end) {
    if (EndsWithStop(text.substr(0, end), stops)) return end;
  }
  return std::string::npos;
}

std::string BeforeStop(const std::string& text, const std::vector<std::string>& stops) {
  size_t longest = 0;
  for (const std::string& stop : stops) {
    if (text.ends_with(stop)) longest = std::max(longest, stop.size());
  }
  return text.substr(0, text.size() - longest);
}

TEST(StopMatcherTest, AStopThatSpansPiecesIsNeverEmitted) {
  StopMatcher matcher({"\n\nUser:"});
  EXPECT_EQ(matcher.Append("Hello\n"), "Hello");
  EXPECT_EQ(matcher.Append("\nUs"), "");
  EXPECT_FALSE(matcher.stopped());
  EXPECT_EQ(matcher.Append("er: hi"), "");
  EXPECT_TRUE(matcher.stopped());
  EXPECT_EQ(matcher.Append("more"), "");
  EXPECT_EQ(matcher.Flush(), "");
}

TEST(StopMatcherTest, HeldTextIsEmittedIfItIsNotAStop) {
  StopMatcher matcher({"END"});
  EXPECT_EQ(matcher.Append("an EN"), "an ");
  EXPECT_EQ(matcher.Append("TRY"), "ENTRY");
  EXPECT_EQ(matcher.Append(" E"), " ");
  EXPECT_EQ(matcher.Flush(), "E");
}

TEST(StopMatcherTest, TheStopThatEndsFirstWins) {
  StopMatcher matcher({"world", "o w", "w"});
  EXPECT_EQ(matcher.Append("hello world"), "hell");
  EXPECT_TRUE(matcher.stopped());
}

TEST(StopMatcherTest, ASelfOverlappingStopIsFound) {
  StopMatcher matcher({"aab"});
  EXPECT_EQ(matcher.Append("aa"), "");
  EXPECT_EQ(matcher.Append("a"), "a");
  EXPECT_EQ(matcher.Append("b!"), "");
  EXPECT_TRUE(matcher.stopped());
}

TEST(StopMatcherTest, MatchesASearchOfTheWholeText) {
  std::mt19937 random(7);
  const auto text_of = [&](size_t size) {
    std::string text(size, 'a');
    for (char& c : text) c = static_cast<char>('a' + random() % 2);
    return text;
  };
  int stopped = 0;
  for (int round = 0; round < 2000; ++round) {
    const std::vector<std::string> stops = {text_of(1 + random() % 6), text_of(3 + random() % 6)};
    const std::string text = text_of(random() % 24);
    StopMatcher matcher(stops);
    std::string out;
    for (size_t i = 0; i < text.size();) {
      const size_t size = 1 + random() % 4;
      out += matcher.Append(text.substr(i, size));
      i += size;
    }
    out += matcher.Flush();
    const size_t end = FirstEnd(text, stops);
    EXPECT_EQ(matcher.stopped(), end != std::string::npos);
    EXPECT_EQ(out, BeforeStop(text.substr(0, end), stops))
        << text << " / " << stops[0] << " / " << stops[1];
    stopped += matcher.stopped() ? 1 : 0;
  }
  EXPECT_GT(stopped, 100);
  EXPECT_LT(stopped, 1990);
}

}  // namespace
}  // namespace assay::engine
