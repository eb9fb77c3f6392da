// Tests of content type proposals.
#include "registry/routing/content_classifier.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace assay::registry {
namespace {

std::string TypeOf(std::string_view prompt) {
  const std::optional<ContentProposal> proposal = ProposeContentType(prompt);
  return proposal.has_value() ? proposal->content_type : "";
}

TEST(ContentClassifierTest, TheRequestedFormDecides) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"Write a tweet about our new database server", "twitter"},
      {"Draft a LinkedIn post announcing our new API for developers", "linkedin"},
      {"Please write an email to a customer whose order is late", "email"},
      {"Write a blog post about making sourdough at home", "blog"},
      {"Write a tutorial for developers: how to add an index to an SQL table", "technical"},
      {"Write an executive summary of the quarterly revenue report", "business"},
  };
  for (const auto& [prompt, type] : cases) EXPECT_EQ(TypeOf(prompt), type) << prompt;
}

TEST(ContentClassifierTest, ProposesNothingWithoutConfidence) {
  for (const char* prompt : {"", "Hello", "Tell me a story about a fox.", "What is 17 times 23?",
                             "Translate to French: the cat is asleep", "Name three capitals",
                             "capitalize this", "Write a tweet and an email and a blog post"}) {
    EXPECT_EQ(TypeOf(prompt), "") << prompt;
  }
}

TEST(ContentClassifierTest, MatchesWholeWordsAtTheBeginning) {
  EXPECT_EQ(TypeOf("Explain rapid barcode therapies"), "");
  EXPECT_EQ(TypeOf(std::string(2000, ' ') + "Write a tweet"), "");
  EXPECT_EQ(TypeOf(std::string("\xff\xfe\0 tweet", 9)), "twitter");
}

TEST(ContentClassifierTest, ConfidenceIsBetweenTheMinimumAndOne) {
  const ContentProposal proposal =
      ProposeContentType("WRITE A TWEET").value_or(ContentProposal{.confidence = 0});
  EXPECT_GE(proposal.confidence, kMinConfidence);
  EXPECT_LE(proposal.confidence, 1);
}

}  // namespace
}  // namespace assay::registry
