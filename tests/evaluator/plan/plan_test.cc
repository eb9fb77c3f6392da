// Tests of evaluator/plan and evaluator/evaluation_id.
#include "evaluator/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>
#include <tuple>

#include "evaluator/plan/plan_json.h"
#include "evaluator/plan/prompt_set.h"
#include "evaluator/records/evaluation_id.h"
#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

EvaluationPlan GoodPlan() {
  EvaluationPlan plan;
  plan.models = Candidates({"m1", "m2", "m3"});
  plan.prompts = {{"a", "twitter", "pa"}, {"b", "twitter", "pb"}, {"c", "linkedin", "pc"}};
  plan.repeats = 4;
  return plan;
}

std::string ErrorAfter(const std::function<void(EvaluationPlan&)>& spoil) {
  EvaluationPlan plan = GoodPlan();
  spoil(plan);
  const absl::Status status = ValidatePlan(plan);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(PlanTest, AGoodPlanPasses) { EXPECT_TRUE(ValidatePlan(GoodPlan()).ok()); }

TEST(PlanTest, EveryErrorNamesFieldAndValue) {
  using Plan = EvaluationPlan;
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.models = {}; }),
            "models: is empty; name at least one model");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.models = Candidates({"m", ""}); }), "models[1]: is empty");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.models = Candidates({"m", "m"}); }),
            "models[1]: 'm' stands twice; give one of them another name");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.models.assign(65, {.name = "m", .model = "m"}); }),
            "models: 65 models; at most 64");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.prompts = {}; }),
            "prompts: is empty, and there are no tasks; give at least one prompt");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.prompts[1].id = ""; }), "prompts[1].id: is empty");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.prompts[2].id = "a"; }), "prompts[2].id: 'a' stands twice");
  EXPECT_EQ(
      ErrorAfter([](Plan& p) { p.prompts[0].content_type = "blog post"; }),
      "prompts[0].content_type: 'blog post'; use 1 to 64 letters, digits, '_' or '-', such as "
      "'linkedin'");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.prompts[0].prompt = " \n"; }),
            "prompts[0].prompt: of 'a' is empty");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.prompts[0].prompt.assign(1048577, 'x'); }),
            "prompts[0].prompt: of 'a' has 1048577 bytes; at most 1048576");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.repeats = 0; }), "repeats: 0; give 1 to 1000");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.sampling.temperature = 2.5; }),
            "sampling.temperature: 2.5; give 0 (greedy) to 2");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.sampling.temperature = std::nan(""); }),
            "sampling.temperature: nan; give 0 (greedy) to 2");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.sampling.top_p = 7; }),
            "sampling.top_p: 7; give a number above 0 and at most 1");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.sampling.top_k = -1; }),
            "sampling.top_k: -1; give 0 (off) or more");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.max_new_tokens = 0; }), "max_new_tokens: 0; give 1 or more");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.timeout = absl::ZeroDuration(); }),
            "timeout: 0; give more than 0");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.name.assign(501, 'n'); }),
            "name: has 501 bytes; at most 500");
}

TEST(PlanTest, ErrorsOfTheComparisonNameFieldAndValue) {
  using Plan = EvaluationPlan;
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.baseline = "m9"; }),
            "baseline: 'm9' is not one of the models; there are m1, m2, m3");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.models[1].name = "m 2"; }),
            "models[1].name: 'm 2'; use 1 to 200 letters, digits, '.', '_', ':' or '-'");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.models[1].sampling = Sampling{.top_k = -1}; }),
            "models[1].sampling.top_k: -1; give 0 (off) or more");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.alpha = std::nan(""); }),
            "alpha: nan; give a number above 0 and at most 0.5, such as 0.05");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.scorers = {}; }), "scorers: has 0 names; give 1 to 16");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.scorers = {"assay", "assay"}; }),
            "scorers[1]: 'assay' stands twice");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.economics = EconomicsInputs{.power_watts = -1}; }),
            "economics: power_watts is -1; give a number from 0 to 1e+09");
}

TEST(PlanTest, ErrorsOfTasksNameFieldAndValue) {
  const auto error = [](const KnownAnswerTask& task) {
    return ErrorAfter([&task](EvaluationPlan& plan) { plan.tasks = {task}; });
  };
  EXPECT_EQ(error({.name = "a task"}),
            "tasks[0].name: 'a task'; use 1 to 64 letters, digits, '_' or '-'");
  EXPECT_EQ(error({.name = "t"}), "tasks[0].items: has 0 items; give 1 to 10000");
  EXPECT_EQ(error({.name = "t", .items = {{"q", "x", {"a"}, 0}}}),
            "tasks[0].items[0].choices: of 'q' are 1; give 2 to 26");
  EXPECT_EQ(error({.name = "t", .items = {{"q", "x", {"a", ""}, 0}}}),
            "tasks[0].items[0].choices: of 'q': one is empty");
  EXPECT_EQ(error({.name = "t", .items = {{"q", "x", {"a", "b"}, 2}}}),
            "tasks[0].items[0].answer: of 'q' is 2; give 0 to 1, the right choice's index");
  EXPECT_EQ(error({.name = "t", .items = {{"q", "", {"a", "b"}, 0}, {"q", "", {"a", "b"}, 0}}}),
            "tasks[0].items[1].id: 'q' stands twice");
  EXPECT_EQ(error({.name = "t", .kind = TaskKind::kPerplexity}),
            "tasks[0].text: has 0 bytes; give 1 to 16777216");
}

TEST(PlanTest, TheHashIsOfWhatDecidesTheResults) {
  const std::string hash = PlanSha256(FullPlan());
  EXPECT_EQ(hash.size(), 64U);
  EvaluationPlan plan = FullPlan();
  plan.name = "another";
  plan.order_seed = 1;
  EXPECT_EQ(PlanSha256(plan), hash);
  plan.prompts[1].prompt += "!";
  EXPECT_NE(PlanSha256(plan), hash);
}

TEST(PlanTest, TooManySamplesAreRefusedWithTheirNumber) {
  EvaluationPlan plan = GoodPlan();
  plan.repeats = 1000;
  for (int i = 0; i < 50; ++i) plan.prompts.push_back({"p" + std::to_string(i), "blog", "x"});
  const absl::Status status = ValidatePlan(plan);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("159000 samples"));
}

TEST(OrderSamplesTest, HoldsEverySampleOnce) {
  const EvaluationPlan plan = GoodPlan();
  std::set<std::tuple<int, int, int>> seen;
  for (const PlannedSample& s : OrderSamples(plan, 7)) seen.insert({s.model, s.prompt, s.repeat});
  EXPECT_EQ(seen.size(), 36U);
  EXPECT_EQ(TotalSamples(plan), 36);
}

TEST(OrderSamplesTest, ModelsRunSideBySideAndRepeatsFollowOneAnother) {
  const std::vector<PlannedSample> order = OrderSamples(GoodPlan(), 7);
  for (size_t i = 0; i < order.size(); i += 3) {
    const std::set<int> models{order[i].model, order[i + 1].model, order[i + 2].model};
    EXPECT_EQ(models.size(), 3U);
    EXPECT_EQ(order[i].prompt, order[i + 2].prompt);
    EXPECT_EQ(order[i].repeat, static_cast<int>(i / 9));
  }
}

TEST(OrderSamplesTest, TheSeedDecidesTheOrder) {
  EvaluationPlan plan = GoodPlan();
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

TEST(PromptSetIdentityTest, VersionTellsOurSetFromOthers) {
  EvaluationPlan plan = GoodPlan();
  EXPECT_EQ(PromptSetVersion(plan), "custom");
  plan.prompts = BuiltInPrompts();
  EXPECT_EQ(PromptSetVersion(plan), "3");
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

TEST(PlanTest, WhatWasAskedOfATypeIsItsPromptsSamplingAndLength) {
  EvaluationPlan plan;
  plan.prompts = Prompts({{"p1", "blog", "aa"}, {"p2", "blog", "bb"}, {"p3", "poem", "cc"}});
  const std::string asked = TypeFingerprint(plan, "blog");
  EXPECT_NE(TypeFingerprint(plan, "poem"), asked);
  EvaluationPlan same = plan;
  same.name = "another";
  same.models = Candidates({"m1"});
  same.sampling.seed = 7;
  same.repeats = 9;
  std::swap(same.prompts[0], same.prompts[1]);
  same.prompts[2].prompt = "of another type";
  EXPECT_EQ(TypeFingerprint(same, "blog"), asked);
  const auto expect_other = [&](const std::function<void(EvaluationPlan&)>& change) {
    EvaluationPlan other = plan;
    change(other);
    EXPECT_NE(TypeFingerprint(other, "blog"), asked);
  };
  expect_other([](EvaluationPlan& other) { other.prompts[0].prompt = "aaa"; });
  expect_other([](EvaluationPlan& other) { other.prompts[0].system = "Be brief."; });
  expect_other([](EvaluationPlan& other) { other.prompts.erase(other.prompts.begin()); });
  expect_other([](EvaluationPlan& other) { other.sampling.temperature = 1; });
  expect_other([](EvaluationPlan& other) { ++other.max_new_tokens; });
}

TEST(EvaluationIdTest, IsReadableAndSortsByTime) {
  const absl::Time time = absl::FromUnixSeconds(1795409700);
  EXPECT_EQ(EvaluationId(time, 0xff1a2b3c), "ev-20261123-045500-1a2b3c");
  EXPECT_LT(EvaluationId(time, 0xffffff), EvaluationId(time + absl::Seconds(1), 0));
}

}  // namespace
}  // namespace assay::evaluator
