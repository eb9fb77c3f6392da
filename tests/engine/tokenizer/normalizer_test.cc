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

}  // namespace
}  // namespace assay::engine
