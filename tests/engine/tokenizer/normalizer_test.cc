// Normalization steps.
#include "engine/tokenizer/normalizer.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace assay::engine {
namespace {

std::string Apply(NormalizerStep step, const std::string& text) {
  std::vector<NormalizerStep> steps;
  steps.push_back(std::move(step));
  const auto normal = Normalize(steps, text);
  EXPECT_TRUE(normal.ok()) << normal.status();
  return normal.value_or("");
}

TEST(NormalizerTest, NormalFormsComposeAndDecompose) {
  EXPECT_EQ(Apply(UnicodeForm::kNfc, "e\u0301"), "\u00e9");
  EXPECT_EQ(Apply(UnicodeForm::kNfd, "\u00e9"), "e\u0301");
  EXPECT_EQ(Apply(UnicodeForm::kNfkc, "\ufb01"), "fi");
}

TEST(NormalizerTest, StepsApplyInOrder) {
  std::vector<NormalizerStep> steps;
  steps.emplace_back(StripSpaces{.left = true, .right = true});
  steps.emplace_back(Lowercase{});
  steps.emplace_back(Prepend{"_"});
  steps.emplace_back(Replace{*unicode::Regex::Literal(" "), "_"});
  EXPECT_EQ(*Normalize(steps, "  \u00c9 B "), "_\u00e9_b");
  EXPECT_EQ(*Normalize(steps, "  "), "");
}

TEST(NormalizerTest, GrowthIsLimited) {
  std::vector<NormalizerStep> steps;
  steps.emplace_back(Prepend{std::string(5000, 'x')});
  EXPECT_EQ(Normalize(steps, "a").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Normalize(steps, std::string(100, 'a')).ok());
}

TEST(NormalizerTest, BertCleansSeparatesAndLowers) {
  EXPECT_EQ(Apply(BertRules{}, "\u00c9t\u00e9\u200b\t\u4e2d"), "ete  \u4e2d ");
  EXPECT_EQ(Apply(BertRules{.strip_accents = false}, "\u00c9\u0130"), "\u00e9i\u0307");
}

TEST(NormalizerTest, NmtRemovesControlsAndReplacesSeparators) {
  EXPECT_EQ(Apply(NmtRules{}, "a\x01\u200b\nb"), "a  b");
  EXPECT_EQ(Apply(StripAccents{}, "e\u0301\u0903"), "e");
}

// Metaspace puts its mark before a text whose first character is still there.
TEST(NormalizerTest, RemovingTheFirstCharacterIsReported) {
  const auto starts = [](NormalizerStep step, const std::string& text) {
    std::vector<NormalizerStep> steps;
    steps.push_back(std::move(step));
    bool starts_text = true;
    EXPECT_TRUE(Normalize(steps, text, &starts_text).ok());
    return starts_text;
  };
  EXPECT_FALSE(starts(StripSpaces{.left = true, .right = true}, " a"));
  EXPECT_TRUE(starts(StripSpaces{.left = true, .right = true}, "a "));
  EXPECT_FALSE(starts(NmtRules{},
                      "\x01"
                      "a"));
  EXPECT_FALSE(starts(Replace{*unicode::Regex::Literal(" "), ""}, " a"));
  EXPECT_TRUE(starts(Replace{*unicode::Regex::Literal(" "), "_"}, " a"));
}

TEST(NormalizerTest, DamagedTablesAreRefusedOrHarmless) {
  EXPECT_EQ(CharsMap::Parse("abc").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CharsMap::Parse(std::string("\x05\0\0\0", 4)).status().code(),
            absl::StatusCode::kDataLoss);
  // Every byte leads to the node itself, whose value is outside the replacements.
  const auto map =
      CharsMap::Parse(std::string("\x04\0\0\0"
                                  "a\x05\0\0",
                                  8));
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(Apply(Precompiled{*map}, "aaa"), "aaa");
}

}  // namespace
}  // namespace assay::engine
