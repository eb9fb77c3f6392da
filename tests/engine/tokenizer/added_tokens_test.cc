// The search for added tokens in a text.
#include "engine/tokenizer/added_tokens.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/patience.h"

namespace assay::engine {
namespace {

// A reference implementation of Find() that tries every token at every position.
std::optional<AddedTokens::Found> FindNaively(const std::vector<AddedToken>& tokens,
                                              const std::string& text, size_t from, bool special) {
  for (size_t at = from; at < text.size(); ++at) {
    const AddedToken* longest = nullptr;
    for (const AddedToken& token : tokens) {
      if (token.special && !special) continue;
      if (text.compare(at, token.content.size(), token.content) != 0) continue;
      if (longest == nullptr || token.content.size() > longest->content.size()) longest = &token;
    }
    if (longest != nullptr) {
      return AddedTokens::Found{
          .begin = at, .end = at + longest->content.size(), .id = longest->id};
    }
  }
  return std::nullopt;
}

TEST(AddedTokensTest, FindsTheLongestTokenAndTheFirstOfEqualOnes) {
  std::mt19937 random(7);
  const auto word = [&random](size_t max_bytes) {
    std::string text(1 + random() % max_bytes, '\0');
    // The words include bytes above 127.
    for (char& c : text) c = "ab\xc3"[random() % 3];
    return text;
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<AddedToken> tokens(random() % 12);
    for (size_t i = 0; i < tokens.size(); ++i) {
      tokens[i] = {.content = word(4), .id = static_cast<TokenId>(i), .special = random() % 2 == 0};
    }
    const AddedTokens added(tokens);
    const std::string text = word(20);
    for (const bool special : {true, false}) {
      for (size_t from = 0; from < text.size(); ++from) {
        const auto found = added.Find(text, from, special);
        const auto expected = FindNaively(tokens, text, from, special);
        ASSERT_EQ(found.has_value(), expected.has_value()) << round;
        if (!expected.has_value()) continue;
        EXPECT_EQ(found->begin, expected->begin) << round;
        EXPECT_EQ(found->end, expected->end) << round;
        EXPECT_EQ(found->id, expected->id) << round;
      }
    }
  }
}

TEST(AddedTokensTest, ASingleWordTokenWithinAWordHidesShorterTokens) {
  const AddedTokens added({{.content = "<a>b", .id = 1, .single_word = true},
                           {.content = "<a>", .id = 2},
                           {.content = "<a>", .id = 3, .special = true}});
  EXPECT_EQ(added.Find("<a>b", 0, true)->id, 1);
  EXPECT_FALSE(added.Find("<a>bc", 0, true).has_value());
  EXPECT_EQ(added.Find("<a>bc<a>", 0, true)->begin, 5);
  EXPECT_EQ(added.Find("<a>c", 0, true)->id, 2);
}

// A search through a list would take an hour for four million tokens, and repeat for each '<'.
TEST(AddedTokensTest, ManyTokensWithTheSameFirstByteAreNotQuadratic) {
  constexpr TokenId kTokens = 200'000;
  std::vector<AddedToken> tokens;
  for (TokenId i = 0; i < kTokens; ++i) {
    tokens.push_back({.content = absl::StrCat("<c", kTokens + i, ">"), .id = i, .special = true});
    tokens.push_back({.content = "<again>", .id = i, .special = true});
  }
  const absl::Time start = absl::Now();
  const AddedTokens added(std::move(tokens));
  std::string text;
  while (text.size() < 1'000'000) text += "<c2000<again";
  EXPECT_FALSE(added.Find(text, 0, true).has_value());
  text += ">";
  EXPECT_EQ(added.Find(text, 0, true)->id, 0);
  EXPECT_FALSE(added.Find(text, 0, false).has_value());
  EXPECT_LT(absl::Now() - start, Patience(absl::Seconds(5)));
}

}  // namespace
}  // namespace assay::engine
