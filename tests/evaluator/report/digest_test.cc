// Tests of the figures of reports and exports.
#include "evaluator/report/digest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "evaluator/analysis/summary.h"
#include "tests/evaluator/report/made_up_study.h"

namespace assay::evaluator {
namespace {

// 17 of 20 gives 0.6396 to 0.9476 (reference/evaluation.md, B.2). The intervals of 0 and 90 of 90
// are from R's binom::binom.wilson.
TEST(DigestTest, ProportionsHaveWilsonIntervals) {
  EXPECT_NEAR(ProportionOf(17, 20).low, 0.6396, 1e-4);
  EXPECT_NEAR(ProportionOf(17, 20).high, 0.9476, 1e-4);
  EXPECT_DOUBLE_EQ(ProportionOf(0, 90).low, 0);
  EXPECT_NEAR(ProportionOf(0, 90).high, 0.0409, 1e-4);
  EXPECT_NEAR(ProportionOf(90, 90).low, 0.9591, 1e-4);
  EXPECT_DOUBLE_EQ(ProportionOf(90, 90).high, 1);
  EXPECT_EQ(ProportionOf(0, 0).n, 0);
}

TEST(DigestTest, FailuresAreCountedButNotMeasured) {
  const Study study = MadeUpStudy({});
  const Digest digest(study.Input());
  const SampleList& failed = digest.SamplesOf(study.plan.models.back().name, "");
  ASSERT_EQ(failed.size(), 90);
  EXPECT_EQ(SuccessRateOf(failed).hits, 0);
  EXPECT_EQ(TechnicalMetricsOf(failed).latency_ms.n, 0);
  EXPECT_TRUE(PartMeans(failed).empty());
  EXPECT_TRUE(digest.SamplesOf("unknown", "").empty());
}

// ../shared/faults/evaluator/06: 10 prompts with 20 greedy repeats, one of which always fails.
TEST(DigestTest, RepeatsOfAPromptAreNoFurtherEvidence) {
  constexpr int kPrompts = 10;
  constexpr int kRepeats = 20;
  std::vector<Sample> samples;
  for (int i = 0; i < kPrompts * kRepeats; ++i) {
    Sample sample;
    sample.prompt_id = std::to_string(i % kPrompts);
    sample.repeat = i / kPrompts;
    if (i % kPrompts == 0) sample.error = "UNAVAILABLE";
    samples.push_back(sample);
  }
  SampleList list;
  for (const Sample& sample : samples) list.push_back(&sample);
  const Proportion success = SuccessRateOf(list);
  EXPECT_EQ(success.hits, 180);
  EXPECT_EQ(success.n, 200);
  EXPECT_EQ(success.units, kPrompts);
  EXPECT_DOUBLE_EQ(success.rate, 0.9);
  // Wilson's interval for 9 of 10.
  EXPECT_NEAR(success.low, 0.59585, 1e-5);
  EXPECT_NEAR(success.high, 0.98212, 1e-5);
  // Half of one more prompt's repeats fail.
  for (int i = 1; i < kPrompts * kRepeats / 2; i += kPrompts) samples[i].error = "UNAVAILABLE";
  EXPECT_DOUBLE_EQ(SuccessRateOf(list).rate, 0.85);
}

TEST(DigestTest, CountsTasksByCandidate) {
  const Study study = MadeUpStudy({});
  const std::vector<TaskResult> tasks = Digest(study.Input()).Tasks();
  ASSERT_EQ(tasks.size(), 12);
  EXPECT_EQ(tasks[0].task, "facts");
  EXPECT_EQ(tasks[0].items, 40);
  EXPECT_DOUBLE_EQ(tasks[0].accuracy_by_length.rate, 1);
  EXPECT_NEAR(tasks[6].perplexity, std::exp(2.5), 1e-12);
}

}  // namespace
}  // namespace assay::evaluator
