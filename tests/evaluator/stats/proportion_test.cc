// Tests of intervals of proportions.
#include "evaluator/stats/proportion.h"

#include <gtest/gtest.h>

namespace assay::evaluator {
namespace {

TEST(WilsonTest, NoTrialsGiveTheWholeRange) {
  EXPECT_EQ(WilsonInterval(0, 0, 0.95).low, 0);
  EXPECT_EQ(WilsonInterval(0, 0, 0.95).high, 1);
}

}  // namespace
}  // namespace assay::evaluator
