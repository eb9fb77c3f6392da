// Tests of evaluator/economics/deployment_report: the figures equal values computed by hand, and
// those of their own formulas.
#include "evaluator/economics/deployment_report.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/evaluator/economics/figures.h"

namespace assay::evaluator {
namespace {

TEST(DeploymentReportTest, FiguresEqualValuesComputedByHand) {
  const std::vector<Figure> figures =
      DeploymentReport(AllStated(), {{"a", 3.6e9}, {"b", 7.2e9}, {"c", 7.2e9}});
  ExpectSound(figures);
  EXPECT_NEAR(ValueOf(figures, "idle_electricity_usd_per_day"), 0.04, 1e-12);
  EXPECT_NEAR(ValueOf(figures, "hardware_usd_per_day"), 3, 1e-12);
  EXPECT_NEAR(ValueOf(figures, "memory_usd_per_day/a"), 0.3, 1e-12);
  EXPECT_NEAR(ValueOf(figures, "memory_usd_per_day/b"), 0.6, 1e-12);
  EXPECT_NEAR(ValueOf(figures, "memory_usd_per_day"), 1.5, 1e-12);
  EXPECT_NEAR(ValueOf(figures, "deployment_usd_per_day"), 1.54, 1e-12);
  EXPECT_NEAR(ValueOf(figures, "deployment_usd_per_model_per_day"), 1.54 / 3, 1e-12);
}

TEST(DeploymentReportTest, WithoutAStatedMemoryTheModelsShareTheWholeMachine) {
  EconomicsInputs inputs = AllStated();
  inputs.machine_memory_gb = 0;
  const std::vector<Figure> figures = DeploymentReport(inputs, {{"a", 1e9}, {"b", 2e9}});
  ExpectSound(figures);
  EXPECT_NEAR(ValueOf(figures, "memory_usd_per_day/a"), 1, 1e-12);
  EXPECT_NEAR(ValueOf(figures, "memory_usd_per_day"), 3, 1e-12);
}

// Three candidates of two models take the memory of two models.
TEST(DeploymentReportTest, AModelOfSeveralCandidatesIsDeployedOnce) {
  EvaluationPlan plan;
  plan.models = {{.name = "m1", .model = "m1"},
                 {.name = "m1.terse", .model = "m1", .system = "Be brief."},
                 {.name = "m2.warm", .model = "m2"},
                 {.name = "dead", .model = "dead"}};
  std::vector<Summary> summaries;
  for (const char* name : {"m1", "m1.terse", "m2.warm", "dead"}) {
    Summary summary;
    summary.model = name;
    summary.resident_bytes = summary.model == "dead" ? 0 : 1'000'000'000;
    summaries.push_back(summary);
    summary.content_type = "blog";
    summaries.push_back(summary);
  }
  const std::vector<DeployedModel> deployed = DeployedModels(plan, summaries);
  ASSERT_EQ(deployed.size(), 2U);
  EXPECT_EQ(deployed[0].name, "m1");
  EXPECT_EQ(deployed[1].name, "m2");
  EXPECT_EQ(ValueOf(DeploymentReport(AllStated(), deployed), "memory_usd_per_day"),
            2 * ValueOf(DeploymentReport(AllStated(), {{"m1", 1e9}}), "memory_usd_per_day"));
}

TEST(DeploymentReportTest, NothingIsReportedWithoutModelsOrStatedInputs) {
  EXPECT_TRUE(DeploymentReport(AllStated(), {}).empty());
  EXPECT_TRUE(DeploymentReport(EconomicsInputs{}, {{"a", 1e9}}).empty());
}

}  // namespace
}  // namespace assay::evaluator
