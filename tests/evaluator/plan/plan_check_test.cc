// Tests of ValidatePlan().
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "evaluator/plan/plan.h"
#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

EvaluationPlan ValidPlan() {
  EvaluationPlan plan;
  plan.models = Candidates({"m1", "m2", "m3"});
  plan.prompts = {{"a", "twitter", "pa"}, {"b", "twitter", "pb"}, {"c", "linkedin", "pc"}};
  plan.repeats = 4;
  return plan;
}

// Returns the error of a valid plan after `spoil` has made it invalid.
std::string ErrorAfter(const std::function<void(EvaluationPlan&)>& spoil) {
  EvaluationPlan plan = ValidPlan();
  spoil(plan);
  const absl::Status status = ValidatePlan(plan);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(PlanCheckTest, AcceptsAValidPlan) { EXPECT_TRUE(ValidatePlan(ValidPlan()).ok()); }

TEST(PlanCheckTest, ErrorsNameFieldAndValue) {
  using Plan = EvaluationPlan;
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.models = {}; }),
            "models: is empty; name at least one model");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.models = Candidates({"m", ""}); }), "models[1]: is empty");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.models = Candidates({"m", "m"}); }),
            "models[1]: 'm' is duplicated; give one of them another name");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.models.assign(65, {.name = "m", .model = "m"}); }),
            "models: 65 models; at most 64");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.prompts = {}; }),
            "prompts: is empty, and there are no tasks; give at least one prompt");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.prompts[1].id = ""; }), "prompts[1].id: is empty");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.prompts[2].id = "a"; }), "prompts[2].id: 'a' is duplicated");
  EXPECT_EQ(
      ErrorAfter([](Plan& p) { p.prompts[0].content_type = "blog post"; }),
      "prompts[0].content_type: 'blog post'; use 1 to 64 letters, digits, '_' or '-', such as "
      "'linkedin'");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.prompts[0].prompt = " \n"; }),
            "prompts[0].prompt: the prompt of 'a' is empty; give a text");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.prompts[0].prompt.assign(1048577, 'x'); }),
            "prompts[0].prompt: the prompt of 'a' has 1048577 bytes; at most 1048576");
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

TEST(PlanCheckTest, LooksNeedCandidatesPromptsAndALimitedNumber) {
  using Plan = EvaluationPlan;
  for (const int looks : {-1, 0, 1, 21}) {
    EXPECT_THAT(ErrorAfter([looks](Plan& p) { p.stop_early = {.looks = looks}; }),
                testing::HasSubstr("give 2 to 20 looks"));
  }
  EXPECT_THAT(ErrorAfter([](Plan& p) {
                p.stop_early = {.looks = 5};
                p.models = Candidates({"m1"});
              }),
              testing::HasSubstr("looks: early stopping needs two candidates"));
  EvaluationPlan plan = ValidPlan();
  plan.stop_early = {.looks = 20};
  EXPECT_TRUE(ValidatePlan(plan).ok());
}

TEST(PlanCheckTest, ErrorsOfTheComparisonNameFieldAndValue) {
  using Plan = EvaluationPlan;
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.baseline = "m9"; }),
            "baseline: 'm9' is not one of the models; give one of m1, m2, m3");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.models[1].name = "m 2"; }),
            "models[1].name: 'm 2'; use 1 to 200 letters, digits, '.', '_', ':' or '-'");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.models[1].sampling = Sampling{.top_k = -1}; }),
            "models[1].sampling.top_k: -1; give 0 (off) or more");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.alpha = std::nan(""); }),
            "alpha: nan; give a number above 0 and at most 0.5, such as 0.05");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.scorers = {}; }), "scorers: has 0 names; give 1 to 16");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.scorers = {"assay", "assay"}; }),
            "scorers[1]: 'assay' is duplicated");
  EXPECT_EQ(ErrorAfter([](Plan& p) { p.economics = EconomicsInputs{.power_watts = -1}; }),
            "economics: power_watts is -1; give a number from 0 to 1e+09");
}

TEST(PlanCheckTest, ErrorsOfTasksNameFieldAndValue) {
  const auto error = [](const KnownAnswerTask& task) {
    return ErrorAfter([&task](EvaluationPlan& plan) { plan.tasks = {task}; });
  };
  EXPECT_EQ(error({.name = "a task"}),
            "tasks[0].name: 'a task'; use 1 to 64 letters, digits, '_' or '-'");
  EXPECT_EQ(error({.name = "t"}), "tasks[0].items: has 0 items; give 1 to 10000");
  EXPECT_EQ(error({.name = "t", .items = {{"q", "x", {"a"}, 0}}}),
            "tasks[0].items[0].choices: item 'q' has 1 choice(s); give 2 to 26");
  EXPECT_EQ(error({.name = "t", .items = {{"q", "x", {"a", ""}, 0}}}),
            "tasks[0].items[0].choices: item 'q' has an empty choice");
  EXPECT_EQ(error({.name = "t", .items = {{"q", "x", {"a", "b"}, 2}}}),
            "tasks[0].items[0].answer: item 'q' has answer 2; give 0 to 1, the index of the right "
            "choice");
  EXPECT_EQ(error({.name = "t", .items = {{"q", "", {"a", "b"}, 0}, {"q", "", {"a", "b"}, 0}}}),
            "tasks[0].items[1].id: 'q' is duplicated");
  EXPECT_EQ(error({.name = "t", .kind = TaskKind::kPerplexity}),
            "tasks[0].text: has 0 bytes; give 1 to 16777216");
}

TEST(PlanCheckTest, TooManySamplesAreRejectedWithTheirNumber) {
  EvaluationPlan plan = ValidPlan();
  plan.repeats = 1000;
  for (int i = 0; i < 50; ++i) plan.prompts.push_back({"p" + std::to_string(i), "blog", "x"});
  const absl::Status status = ValidatePlan(plan);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("159000 samples"));
}

}  // namespace
}  // namespace assay::evaluator
