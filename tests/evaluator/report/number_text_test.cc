// Tests of number formatting.
#include "evaluator/report/number_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace assay::evaluator {
namespace {

TEST(NumberTextTest, FormatsNumbers) {
  EXPECT_EQ(Significant(1.7e-6), "1.7e-06");
  EXPECT_EQ(Significant(20310.4), "20310");
  EXPECT_EQ(Significant(-0.3513), "-0.3513");
  EXPECT_EQ(Significant(std::nan("")), "-");
  EXPECT_EQ(Fixed(-0.001, 2), "0.00");
  EXPECT_EQ(PValue(1e-9), "< 0.0001");
  EXPECT_EQ(PValue(0.0432), "0.0432");
  EXPECT_EQ(Bytes(-1536), "-1.50 KiB");
  EXPECT_EQ(Bytes(512), "512 B");
}

}  // namespace
}  // namespace assay::evaluator
