// Edge cases of the tests of paired differences.
#include "evaluator/stats/paired_tests.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay::evaluator {
namespace {

using Values = std::vector<double>;

TEST(PairedTestsTest, ZeroDifferencesHavePValueOne) {
  const Values zeros(10, 0.0);
  EXPECT_EQ(WilcoxonSignedRank(zeros).p_value, 1);
  EXPECT_EQ(WilcoxonSignedRank(zeros).n_nonzero, 0);
  EXPECT_EQ(PairedTTest(zeros), 1);
  EXPECT_EQ(PairedTTest(Values{3.0}), 1);
  EXPECT_EQ(McNemarTest(0, 0).p_value, 1);
}

TEST(PairedTestsTest, SixIsTheSmallestNumberOfPairsThatCanReject) {
  EXPECT_DOUBLE_EQ(WilcoxonSignedRank(Values{1, 2, 3, 4, 5, 6}).p_value, 0.03125);
  EXPECT_GT(WilcoxonSignedRank(Values{1, 2, 3, 4, 5}).p_value, 0.05);
}

}  // namespace
}  // namespace assay::evaluator
