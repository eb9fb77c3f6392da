// Tests of evaluator/run/remaining_time.
#include "evaluator/run/remaining_time.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay::evaluator {
namespace {

std::vector<PreparedModel> Loaded(size_t count) {
  return std::vector<PreparedModel>(count, {.name = "m", .load = LoadReport{}});
}

TEST(RemainingTimeTest, IsUnknownBeforeTheFirstSample) {
  const std::vector<PlannedSample> left = {{.model = 0}};
  EXPECT_EQ(RemainingTime(1).Seconds(left, Loaded(1)), -1);
}

TEST(RemainingTimeTest, EachModelHasItsOwnAverage) {
  RemainingTime remaining(3);
  remaining.Add(0, absl::Seconds(1));
  remaining.Add(0, absl::Seconds(3));
  remaining.Add(1, absl::Seconds(11));
  const std::vector<PlannedSample> left = {{.model = 0}, {.model = 0}, {.model = 1}};
  EXPECT_DOUBLE_EQ(remaining.Seconds(left, Loaded(3)), 2 + 2 + 11);
}

TEST(RemainingTimeTest, AnUnmeasuredModelHasTheOverallAverage) {
  RemainingTime remaining(2);
  remaining.Add(0, absl::Seconds(1));
  remaining.Add(0, absl::Seconds(3));
  const std::vector<PlannedSample> left = {{.model = 1}};
  EXPECT_DOUBLE_EQ(remaining.Seconds(left, Loaded(2)), 2);
}

TEST(RemainingTimeTest, AModelThatCannotLoadTakesNoTime) {
  RemainingTime remaining(2);
  remaining.Add(0, absl::Seconds(4));
  std::vector<PreparedModel> models = Loaded(2);
  models[1].load = absl::NotFoundError("no file");
  const std::vector<PlannedSample> left = {{.model = 0}, {.model = 1}};
  EXPECT_DOUBLE_EQ(remaining.Seconds(left, models), 4);
}

}  // namespace
}  // namespace assay::evaluator
