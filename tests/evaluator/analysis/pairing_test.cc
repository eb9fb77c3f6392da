// Tests of the pairing of samples.
#include "evaluator/analysis/pairing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

Sample Scored(const std::string& model, const std::string& prompt, double quality) {
  Sample sample{.model = model, .content_type = "blog", .prompt_id = prompt};
  sample.quality_score = quality;
  return sample;
}

Sample Failed(const std::string& model, const std::string& prompt) {
  return {.model = model, .content_type = "blog", .prompt_id = prompt, .error = "INTERNAL: broken"};
}

Metric Quality() { return SampleMetrics(FailurePolicy::kLeaveOut).front(); }

TEST(PairingTest, ValueOfAPromptIsTheMeanOfItsSuccessfulRepeats) {
  const UnitValues values = ValuesOf(
      {Scored("a", "p1", 4), Scored("a", "p1", 7), Failed("a", "p1"), Scored("b", "p1", 1)}, "a",
      Quality());
  EXPECT_THAT(values.values, ElementsAre(Pair("p1", 5.5)));
}

TEST(PairingTest, ValuesBeyondTheLimitAreAbsent) {
  const UnitValues values = ValuesOf({Scored("a", "p1", std::numeric_limits<double>::infinity()),
                                      Scored("a", "p2", 1e301), Scored("a", "p3", 1e299)},
                                     "a", Quality());
  EXPECT_THAT(values.values, ElementsAre(Pair("p3", 1e299)));
  EXPECT_THAT(values.reasons,
              ElementsAre(Pair("p1", "has no such value"), Pair("p2", "has no such value")));
}

TEST(PairingTest, ListsUnitsWithoutAPairAndTheReason) {
  const std::vector<Unit> units = {{.id = "p1"}, {.id = "p2"}, {.id = "p3"}};
  const UnitValues baseline = ValuesOf({Scored("a", "p1", 1), Failed("a", "p2")}, "a", Quality());
  const UnitValues candidate =
      ValuesOf({Scored("b", "p1", 2), Scored("b", "p2", 2)}, "b", Quality());
  const Pairs pairs = PairUp(units, "", baseline, candidate);
  EXPECT_THAT(pairs.baseline, ElementsAre(1));
  EXPECT_THAT(pairs.candidate, ElementsAre(2));
  EXPECT_THAT(pairs.unpaired, ElementsAre("p2: the baseline failed: INTERNAL: broken",
                                          "p3: the baseline was not measured"));
}

TEST(PairingTest, ClustersAreNumberedInOrderOfAppearance) {
  const std::vector<Unit> units = {
      {.id = "p1", .cluster = "x"}, {.id = "x"}, {.id = "p2", .cluster = "x"}, {.id = "p3"}};
  UnitValues values;
  for (const Unit& unit : units) values.values[unit.id] = 1;
  EXPECT_THAT(PairUp(units, "", values, values).clusters, ElementsAre(0, 1, 0, 2));
}

TEST(PairingTest, SamplesOfUnknownPromptsShareACluster) {
  EvaluationPlan plan;
  plan.prompts = {{.id = "p1", .cluster = "x"}, {.id = "p2", .cluster = "x"}};
  const SampleClusters clusters(plan);
  EXPECT_EQ(clusters.UnitOf(Scored("a", "p1", 1)).cluster,
            clusters.UnitOf(Scored("a", "p2", 1)).cluster);
  EXPECT_EQ(clusters.UnitOf(Scored("a", "gone", 1)).cluster, -1);
}

}  // namespace
}  // namespace assay::evaluator
