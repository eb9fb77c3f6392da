// Tests of summaries of samples.
#include "evaluator/analysis/summary.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay::evaluator {
namespace {

// A gate that halves one of four scores averages to 7/8, not to 1/2.
TEST(SummaryTest, AnAbsentGateCountsAsOne) {
  std::vector<Sample> samples(4);
  for (Sample& sample : samples) {
    sample.scores = {{.scorer = "assay", .version = "3", .overall = 5, .parts = {{"length", 0.5}}}};
  }
  samples[2].scores[0].parts["gate/echo"] = 0.5;
  samples[3].scores.push_back({.scorer = "brand", .version = "1", .error = "INTERNAL: no"});
  std::vector<const Sample*> list;
  for (const Sample& sample : samples) list.push_back(&sample);
  const std::vector<PartMean> means = PartMeans(list);
  ASSERT_EQ(means.size(), 2U);
  EXPECT_EQ(means[0].name, "gate/echo");
  EXPECT_DOUBLE_EQ(means[0].mean, 3.5 / 4);
  EXPECT_EQ(means[0].n, 4);
  EXPECT_DOUBLE_EQ(means[1].mean, 0.5);
}

}  // namespace
}  // namespace assay::evaluator
