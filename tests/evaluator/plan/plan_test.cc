// Tests of the order and the identity of a plan.
#include "evaluator/plan/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
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

TEST(PromptBlocksTest, BlocksAreBalancedAndIndependentOfTheModels) {
  EvaluationPlan plan;
  plan.models = Candidates({"m1", "m2"});
  for (int i = 0; i < 34; ++i) {
    plan.prompts.push_back({.id = std::to_string(i), .content_type = i < 20 ? "x" : "y"});
    // The last four prompts of x are one cluster, which no look may split.
    if (i >= 16 && i < 20) plan.prompts.back().cluster = "c";
  }
  EXPECT_EQ(PromptBlocks(plan, 3).size(), 1U);
  plan.stop_early = {.looks = 4};
  const std::vector<std::vector<int>> blocks = PromptBlocks(plan, 3);
  ASSERT_EQ(blocks.size(), 4U);
  std::set<int> all;
  for (const std::vector<int>& block : blocks) {
    std::set<std::string> x;
    int y = 0;
    int in_cluster = 0;
    for (const int prompt : block) {
      const EvaluationPrompt& of = plan.prompts[static_cast<size_t>(prompt)];
      EXPECT_TRUE(all.insert(prompt).second);
      if (of.content_type == "x") x.insert(of.cluster.empty() ? of.id : of.cluster);
      y += of.content_type == "y" ? 1 : 0;
      in_cluster += of.cluster.empty() ? 0 : 1;
    }
    // 17 clusters of x and 14 prompts of y over four blocks.
    EXPECT_TRUE(x.size() == 4 || x.size() == 5) << x.size();
    EXPECT_TRUE(y == 3 || y == 4) << y;
    EXPECT_TRUE(in_cluster == 0 || in_cluster == 4);
  }
  EXPECT_EQ(all.size(), 34U);
  plan.models = Candidates({"m2"});
  EXPECT_EQ(PromptBlocks(plan, 3), blocks);
  EXPECT_NE(PromptBlocks(plan, 4), blocks);
}

TEST(PromptBlocksTest, TheOrderGoesBlockByBlockWithAllRepeats) {
  EvaluationPlan plan = SmallPlan();
  plan.stop_early = {.looks = 2};
  const std::vector<std::vector<int>> blocks = PromptBlocks(plan, 9);
  ASSERT_EQ(blocks.size(), 2U);
  const std::vector<PlannedSample> order = OrderSamples(plan, 9);
  ASSERT_EQ(order.size(), 36U);
  for (size_t i = 0; i < order.size(); ++i) {
    EXPECT_EQ(order[i].block, i < blocks[0].size() * 3 * 4 ? 0 : 1);
    const std::vector<int>& block = blocks[static_cast<size_t>(order[i].block)];
    EXPECT_TRUE(std::find(block.begin(), block.end(), order[i].prompt) != block.end());
  }
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
