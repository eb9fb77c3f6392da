// Tests of evaluator/records/evaluation_id.
#include "evaluator/records/evaluation_id.h"

#include <gtest/gtest.h>

namespace assay::evaluator {
namespace {

TEST(EvaluationIdTest, IsReadableAndSortsByTime) {
  const absl::Time time = absl::FromUnixSeconds(1795409700);
  EXPECT_EQ(EvaluationId(time, 0xff1a2b3c), "ev-20261123-045500-1a2b3c");
  EXPECT_LT(EvaluationId(time, 0xffffff), EvaluationId(time + absl::Seconds(1), 0));
}

}  // namespace
}  // namespace assay::evaluator
