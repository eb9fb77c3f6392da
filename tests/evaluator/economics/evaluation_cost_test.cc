// Tests of the cost of an evaluation as a whole.
#include "evaluator/economics/evaluation_cost.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay::evaluator {
namespace {

TEST(EvaluationCostTest, SumsSamplesAndAnswers) {
  std::vector<Sample> samples(3);
  for (Sample& sample : samples) {
    sample.generation.total_ms = 2500;
    sample.generation.queue_ms = 500;
    sample.energy = {.joules = 40, .source = "rapl"};
    sample.cost_usd = 0.001;
  }
  samples[2].error = "INTERNAL: broken";
  std::vector<TaskAnswer> answers(2);
  answers[0].busy_seconds = 36;
  // An answer of an older version has no time.
  answers[1].busy_seconds = 0;
  const EconomicsInputs inputs{.power_watts = 100, .electricity_usd_per_kwh = 0.5};
  const EvaluationCost cost = CostOfEvaluation(inputs, samples, answers);
  EXPECT_DOUBLE_EQ(cost.compute_seconds, 2 + 2 + 36);
  // 100 W for 36 s are 3600 J, a thousandth of a kilowatt-hour.
  EXPECT_DOUBLE_EQ(cost.joules, 40 + 40 + 3600);
  EXPECT_DOUBLE_EQ(cost.usd, 0.001 + 0.001 + 0.0005);
  EXPECT_EQ(cost.energy_source, "mixed");
}

TEST(EvaluationCostTest, TheSentenceHasReadableUnits) {
  EXPECT_EQ(CostSentence({}), "");
  EXPECT_EQ(CostSentence({.compute_seconds = 720, .usd = 0.0123}),
            "this evaluation cost $0.0123 and took 12 minutes of computation");
  EXPECT_EQ(CostSentence({.compute_seconds = 45, .usd = 0.00000171}),
            "this evaluation cost $0.00000171 and took 45 seconds of computation");
  EXPECT_EQ(CostSentence({.compute_seconds = 9000, .usd = 3.5}),
            "this evaluation cost $3.50 and took 2.5 hours of computation");
  EXPECT_EQ(CostSentence({.compute_seconds = 0.25}),
            "this evaluation cost $0.00 and took 0.25 seconds of computation");
}

}  // namespace
}  // namespace assay::evaluator
