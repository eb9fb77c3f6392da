// Tests of the order and the identity of a plan.
#include "evaluator/plan/plan.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "evaluator/plan/prompt_set.h"
#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

EvaluationPlan SmallPlan() {
  EvaluationPlan plan;
  plan.models = Candidates({"m1", "m2", "m3"});
  plan.prompts = {{"a", "twitter", "pa"}, {"b", "twitter", "pb"}, {"c", "linkedin", "pc"}};
  plan.repeats = 4;
  return plan;
}

TEST(OrderSamplesTest, ContainsEverySampleOnce) {
  const EvaluationPlan plan = SmallPlan();
  std::set<std::tuple<int, int, int>> seen;
  for (const PlannedSample& s : OrderSamples(plan, 7)) seen.insert({s.model, s.prompt, s.repeat});
  EXPECT_EQ(seen.size(), 36U);
  EXPECT_EQ(TotalSamples(plan), 36);
}

TEST(OrderSamplesTest, ModelsRunSideBySideAndRepeatsOneAfterAnother) {
  const std::vector<PlannedSample> order = OrderSamples(SmallPlan(), 7);
  for (size_t i = 0; i < order.size(); i += 3) {
    const std::set<int> models{order[i].model, order[i + 1].model, order[i + 2].model};
    EXPECT_EQ(models.size(), 3U);
    EXPECT_EQ(order[i].prompt, order[i + 2].prompt);
    EXPECT_EQ(order[i].repeat, static_cast<int>(i / 9));
  }
}

TEST(OrderSamplesTest, TheSeedDeterminesTheOrder) {
  EvaluationPlan plan = SmallPlan();
  plan.repeats = 1;
  const auto order = [&plan](uint64_t seed) {
    std::string text;
    for (const PlannedSample& s : OrderSamples(plan, seed)) {
      text += std::to_string(s.model) + std::to_string(s.prompt) + " ";
    }
    return text;
  };
  EXPECT_EQ(order(1), "11 21 01 20 10 00 02 12 22 ");
  EXPECT_NE(order(1), order(2));
}

// Old evaluations are replayed, so the function must never change.
TEST(SampleSeedTest, DependsOnSeedPromptAndRepeat) {
  EXPECT_EQ(SampleSeed(5, "p1", 1), SampleSeed(5, "p1", 1));
  EXPECT_NE(SampleSeed(5, "p1", 11), SampleSeed(5, "1 p1", 1));
}

TEST(PromptSetIdentityTest, VersionDistinguishesTheBuiltInSet) {
  EvaluationPlan plan = SmallPlan();
  EXPECT_EQ(PromptSetVersion(plan), "custom");
  plan.prompt_source = "hf:owner/name@0123:test";
  EXPECT_EQ(PromptSetVersion(plan), "hf:owner/name@0123:test");
  plan.prompts = BuiltInPrompts();
  EXPECT_EQ(PromptSetVersion(plan), "3");
  plan.prompt_source.clear();
  plan.prompts[3].prompt += "!";
  EXPECT_EQ(PromptSetVersion(plan), "custom");
}

TEST(PromptSetIdentityTest, FingerprintIsTheSha256OfThePrompts) {
  EvaluationPlan plan;
  plan.prompts = {{"a", "b", "c"}};
  // printf 1:a1:b1:c | sha256sum
  EXPECT_EQ(PromptSetFingerprint(plan),
            "321cf3124838eafcf3df515fc440c7452def249dc89643bb5fb8e1bc260b2191");
  EvaluationPlan moved;
  moved.prompts = {{"ab", "", "c"}};
  EXPECT_NE(PromptSetFingerprint(moved), PromptSetFingerprint(plan));
}

}  // namespace
}  // namespace assay::evaluator
