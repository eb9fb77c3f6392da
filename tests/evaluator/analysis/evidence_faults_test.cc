// Evaluations whose conclusion was wrong: each input with the right one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "evaluator/analysis/analysis.h"
#include "evaluator/analysis/gate.h"
#include "evaluator/analysis/summary.h"
#include "evaluator/records/evaluation.h"
#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// An evaluation from a file of tests/golden/evaluator/faults.
struct Fault {
  EvaluationPlan plan;
  std::vector<Sample> samples;

  Analysis Run() const { return Analyze(plan, samples, {}); }

  Summary SummaryOf(const std::string& model) const {
    PreparedModel prepared{.name = model};
    for (const Summary& summary : SummarizeAll(plan, {prepared}, samples, {})) {
      if (summary.content_type.empty()) return summary;
    }
    ADD_FAILURE() << model << " has no summary";
    return {};
  }

  bool Passes(const std::string& gate) const {
    Evaluation evaluation;
    evaluation.state = EvaluationState::kSucceeded;
    const absl::StatusOr<GateResult> result =
        Gate::Parse(gate)->Check(evaluation, plan, samples, {});
    return result.ok() && result->passed();
  }
};

Fault Read(const std::string& name) {
  const nlohmann::json json = nlohmann::json::parse(
      std::ifstream(absl::StrCat("tests/golden/evaluator/faults/", name, ".json")));
  Fault fault;
  fault.plan.models = Candidates(json["models"].get<std::vector<std::string>>());
  for (const nlohmann::json& prompt : json["prompts"]) {
    fault.plan.prompts.push_back({.id = prompt["id"],
                                  .content_type = prompt["type"],
                                  .cluster = prompt.value("cluster", "")});
  }
  for (const nlohmann::json& row : json["samples"]) {
    Sample sample{.model = row["model"],
                  .content_type = row["type"],
                  .prompt_id = row["id"],
                  .repeat = row.value("repeat", 0)};
    sample.error = row.value("error", "");
    if (sample.error.empty()) sample.quality_score = row.at("score").get<double>();
    fault.samples.push_back(sample);
  }
  return fault;
}

const RankedCandidate& RankedOf(const Analysis& analysis, const std::string& name) {
  const std::vector<RankedCandidate>& all = analysis.rankings.back().candidates;
  return *std::find_if(all.begin(), all.end(),
                       [&](const RankedCandidate& c) { return c.name == name; });
}

Comparison ComparisonOf(const Analysis& analysis, const std::string& candidate,
                        const std::string& metric = "quality_score") {
  for (const Comparison& c : analysis.comparisons) {
    if (c.candidate == candidate && c.metric == metric && c.content_type.empty()) return c;
  }
  ADD_FAILURE() << candidate << " is not compared";
  return {};
}

// The candidate fails on the four hard prompts of twelve.
TEST(EvidenceFaultsTest, FailuresOnHardPromptsAreNotAnAdvantage) {
  const Fault fault = Read("01_failures_not_at_random");
  const Analysis analysis = fault.Run();
  EXPECT_NEAR(RankedOf(analysis, "cand").mean, 5.5, 0.05);
  EXPECT_NEAR(RankedOf(analysis, "base").mean, 6.7, 0.05);
  EXPECT_EQ(RankedOf(analysis, "base").n, 12);
  EXPECT_NE(ComparisonOf(analysis, "cand").verdict, Verdict::kBetter);
  EXPECT_LE(RankedOf(analysis, "base").rank, RankedOf(analysis, "cand").rank);
  EXPECT_FALSE(fault.Passes("cand:quality >= 7"));
  const Comparison failures = ComparisonOf(analysis, "cand", "success_rate");
  EXPECT_EQ(failures.result.method, "mcnemar_exact");
  EXPECT_DOUBLE_EQ(failures.result.p_value, 0.125);
  EXPECT_THAT(analysis.decisions.back(),
              HasSubstr("failed generations, which score 0: base 0 %, cand 33.3 % (no difference "
                        "shown to base, adjusted p = 0.12)"));
}

TEST(EvidenceFaultsTest, FailuresMayBeLeftOutByTheStatedPolicy) {
  Fault fault = Read("01_failures_not_at_random");
  fault.plan.failures = FailurePolicy::kLeaveOut;
  const Analysis analysis = fault.Run();
  EXPECT_EQ(analysis.failures, "leave_out");
  EXPECT_EQ(RankedOf(analysis, "cand").n, 8);
  EXPECT_THAT(analysis.decisions.back(), HasSubstr("which are left out of the scores"));
  EXPECT_THAT(analysis.decisions.back(), HasSubstr("cand 33.3 %"));
}

// Some repeats fail: prompts weigh the same, however many of their repeats are left.
TEST(EvidenceFaultsTest, UnbalancedRepeatsDoNotWeighPrompts) {
  Fault fault = Read("02_unbalanced_repeats");
  for (const auto& [policy, mean] : std::vector<std::pair<FailurePolicy, double>>{
           {FailurePolicy::kLeaveOut, 5}, {FailurePolicy::kZero, 13.0 / 3}}) {
    fault.plan.failures = policy;
    const Analysis analysis = fault.Run();
    EXPECT_NEAR(fault.SummaryOf("cand").quality_score.mean, mean, 1e-9);
    EXPECT_NEAR(RankedOf(analysis, "cand").mean, mean, 1e-9);
    EXPECT_NEAR(ComparisonOf(analysis, "cand").result.candidate_mean, mean, 1e-9);
    EXPECT_FALSE(fault.Passes(absl::StrCat("cand:quality >= ", mean + 0.01)));
    EXPECT_TRUE(fault.Passes(absl::StrCat("cand:quality >= ", mean - 0.01)));
  }
}

TEST(EvidenceFaultsTest, MeansAndDifferencesWeighClustersTheSameWay) {
  const Fault fault = Read("03_unequal_clusters");
  const Analysis analysis = fault.Run();
  const double difference = RankedOf(analysis, "cand").mean - RankedOf(analysis, "base").mean;
  EXPECT_NEAR(RankedOf(analysis, "cand").mean, 6.53, 0.005);
  EXPECT_NEAR(ComparisonOf(analysis, "cand").result.diff, difference, 1e-9);
  EXPECT_NEAR(
      fault.SummaryOf("cand").quality_score.mean - fault.SummaryOf("base").quality_score.mean,
      difference, 1e-9);
}

// True if the two share a letter.
bool Share(const RankedCandidate& a, const RankedCandidate& b) {
  return a.letters.find_first_of(b.letters) != std::string::npos;
}

TEST(EvidenceFaultsTest, OneSentenceHasOneAnswer) {
  const Analysis analysis = Read("07_one_sentence_two_answers").Run();
  const std::string& decision = analysis.decisions.back();
  for (const std::string candidate : {"b", "c"}) {
    const Comparison c = ComparisonOf(analysis, candidate);
    const bool shown = c.verdict == Verdict::kBetter || c.verdict == Verdict::kWorse;
    EXPECT_EQ(shown, !Share(RankedOf(analysis, "a"), RankedOf(analysis, candidate))) << decision;
    if (c.verdict == Verdict::kBetter) {
      EXPECT_LT(RankedOf(analysis, candidate).rank, RankedOf(analysis, "a").rank);
    }
  }
  // b is the first candidate: the sentence says the same about b and a twice.
  ASSERT_EQ(analysis.rankings.back().candidates.front().name, "b");
  const bool better = ComparisonOf(analysis, "b").verdict == Verdict::kBetter;
  EXPECT_EQ(better, decision.find("lower than b: ") != std::string::npos &&
                        RankedOf(analysis, "a").lower_than_first)
      << decision;
}

TEST(EvidenceFaultsTest, RanksNeverContradictMeans) {
  for (const char* name :
       {"01_failures_not_at_random", "07_one_sentence_two_answers", "08_lower_mean_better_rank"}) {
    const Analysis analysis = Read(name).Run();
    for (const Ranking& ranking : analysis.rankings) {
      const std::vector<RankedCandidate>& all = ranking.candidates;
      for (size_t i = 0; i + 1 < all.size(); ++i) {
        EXPECT_GE(all[i].mean, all[i + 1].mean);
        EXPECT_LE(all[i].rank, all[i + 1].rank);
      }
      for (size_t i = 0; i < all.size(); ++i) {
        for (size_t k = i + 1; k < all.size(); ++k) {
          // Candidates of one rank are not shown to differ.
          EXPECT_TRUE(all[i].rank != all[k].rank || Share(all[i], all[k]));
        }
      }
    }
  }
}

}  // namespace
}  // namespace assay::evaluator
