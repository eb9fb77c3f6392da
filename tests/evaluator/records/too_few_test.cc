// Tests of evaluator/records/too_few.
#include "evaluator/records/too_few.h"

#include <gtest/gtest.h>

namespace assay::evaluator {
namespace {

TEST(TooFewTest, FewerThanSixPromptsAreTooFew) {
  EXPECT_EQ(TooFewPrompts(0), "");
  EXPECT_EQ(TooFewPrompts(1), "too few prompts (1 of 6)");
  EXPECT_EQ(TooFewPrompts(Estimate{.n = 5}), "too few prompts (5 of 6)");
  EXPECT_EQ(TooFewPrompts(6), "");
}

TEST(TooFewTest, ClustersCountAndPromptsInRecordsWithoutClusters) {
  EXPECT_EQ(TooFewPrompts(RankedCandidate{.n = 20, .clusters = 2}), "too few prompts (2 of 6)");
  EXPECT_EQ(TooFewPrompts(RankedCandidate{.n = 20}), "");
  EXPECT_EQ(TooFewPrompts(RankedCandidate{.n = 3}), "too few prompts (3 of 6)");
}

}  // namespace
}  // namespace assay::evaluator
