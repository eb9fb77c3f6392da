// Tests of evaluator/plan/plan_json.
#include "evaluator/plan/plan_json.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/hashing.h"
#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

TEST(PlanSha256Test, CoversWhatDeterminesTheResults) {
  const std::string hash = PlanSha256(FullPlan());
  EXPECT_EQ(hash.size(), 64U);
  EvaluationPlan plan = FullPlan();
  plan.name = "another";
  plan.order_seed = 1;
  EXPECT_EQ(PlanSha256(plan), hash);
  plan.prompts[1].prompt += "!";
  EXPECT_NE(PlanSha256(plan), hash);
}

// Earlier versions had no early stopping, and their hashes are recorded.
TEST(PlanSha256Test, IsThatOfEarlierVersionsWithoutEarlyStopping) {
  EvaluationPlan plan = FullPlan();
  plan.stop_early.reset();
  const std::string hash = PlanSha256(plan);
  EXPECT_NE(PlanSha256(FullPlan()), hash);
  nlohmann::json json = nlohmann::json::parse(PlanToJson(plan));
  EXPECT_FALSE(json.contains("stop_early"));
  json.erase("prompt_source");
  json["name"] = "";
  json["order_seed"] = 0;
  EXPECT_EQ(hash, Sha256Hex(json.dump()));
  const auto read = PlanFromJson(json.dump());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->stop_early.has_value());
}

// Plans of versions without the policy left failed generations out, and their records say so.
TEST(PlanFromJsonTest, APlanWithoutAPolicyLeavesFailuresOut) {
  EXPECT_EQ(EvaluationPlan().failures, FailurePolicy::kZero);
  const auto old = PlanFromJson(R"({"models": ["m1"]})");
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_EQ(old->failures, FailurePolicy::kLeaveOut);
  const auto read = PlanFromJson(PlanToJson(SomePlan()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->failures, FailurePolicy::kZero);
}

TEST(WorkloadFingerprintTest, CoversPromptsSamplingAndLengthOfOneType) {
  EvaluationPlan plan;
  plan.prompts = Prompts({{"p1", "blog", "aa"}, {"p2", "blog", "bb"}, {"p3", "poem", "cc"}});
  const std::string fingerprint = WorkloadFingerprint(plan, "blog");
  EXPECT_NE(WorkloadFingerprint(plan, "poem"), fingerprint);
  EvaluationPlan same = plan;
  same.name = "another";
  same.models = Candidates({"m1"});
  same.sampling.seed = 7;
  same.repeats = 9;
  std::swap(same.prompts[0], same.prompts[1]);
  same.prompts[2].prompt = "of another type";
  EXPECT_EQ(WorkloadFingerprint(same, "blog"), fingerprint);
  const auto expect_other = [&](const std::function<void(EvaluationPlan&)>& change) {
    EvaluationPlan other = plan;
    change(other);
    EXPECT_NE(WorkloadFingerprint(other, "blog"), fingerprint);
  };
  expect_other([](EvaluationPlan& other) { other.prompts[0].prompt = "aaa"; });
  expect_other([](EvaluationPlan& other) { other.prompts[0].system = "Be brief."; });
  expect_other([](EvaluationPlan& other) { other.prompts.erase(other.prompts.begin()); });
  expect_other([](EvaluationPlan& other) { other.sampling.temperature = 1; });
  expect_other([](EvaluationPlan& other) { ++other.max_new_tokens; });
}

}  // namespace
}  // namespace assay::evaluator
