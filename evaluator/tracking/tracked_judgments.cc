// Builds what judgments add to the tracked runs of an evaluation.
#include "evaluator/tracking/tracked_judgments.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "evaluator/tracking/tracked_metrics.h"
#include "evaluator/tracking/tracked_run.h"

namespace assay::evaluator {
namespace {

// The pairs of one judge from the point of view of one candidate.
struct Results {
  int pairs = 0;
  double shares = 0;
  int wins = 0;
  int losses = 0;
  int ties = 0;
};

using ResultsByJudge = std::map<std::string, Results>;

std::string PrefixOf(const std::string& judge) { return absl::StrCat("judge/", judge, "/"); }

// Returns the pair as it is for its second candidate.
PairPreference Reversed(PairPreference pair) {
  std::swap(pair.first, pair.second);
  std::swap(pair.wins, pair.losses);
  pair.share = 1 - pair.share;
  const double low = pair.low;
  pair.low = 1 - pair.high;
  pair.high = 1 - low;
  return pair;
}

// Adds the candidate's pair to the metrics and to the totals of its judge.
void AddPair(const PairPreference& pair, ResultsByJudge* by_judge, MetricList* metrics) {
  Results& results = (*by_judge)[pair.judge];
  ++results.pairs;
  results.shares += pair.share;
  results.wins += pair.wins;
  results.losses += pair.losses;
  results.ties += pair.ties;
  const std::string name = absl::StrCat(PrefixOf(pair.judge), "win_rate_against/", pair.second);
  metrics->Add(name, pair.share);
  metrics->Add(absl::StrCat(name, "_ci_low"), pair.low);
  metrics->Add(absl::StrCat(name, "_ci_high"), pair.high);
  metrics->Add(absl::StrCat(name, "_p_adjusted"), pair.p_adjusted);
}

ResultsByJudge AddCandidate(const std::string& candidate, const JudgmentSummary& summary,
                            MetricList* metrics) {
  ResultsByJudge by_judge;
  for (const PairPreference& pair : summary.pairs) {
    if (pair.first == candidate) AddPair(pair, &by_judge, metrics);
    if (pair.second == candidate) AddPair(Reversed(pair), &by_judge, metrics);
  }
  for (const auto& [judge, results] : by_judge) {
    const std::string prefix = PrefixOf(judge);
    metrics->Add(absl::StrCat(prefix, "win_rate"), results.shares / results.pairs);
    metrics->Add(absl::StrCat(prefix, "wins"), results.wins);
    metrics->Add(absl::StrCat(prefix, "losses"), results.losses);
    metrics->Add(absl::StrCat(prefix, "ties"), results.ties);
  }
  return by_judge;
}

void AddStatistic(const std::string& name, const std::optional<RatedStatistic>& statistic,
                  MetricList* metrics) {
  if (!statistic.has_value()) return;
  metrics->Add(name, statistic->value);
  if (statistic->low) metrics->Add(absl::StrCat(name, "_ci_low"), *statistic->low);
  if (statistic->high) metrics->Add(absl::StrCat(name, "_ci_high"), *statistic->high);
}

void AddJudges(const JudgmentSummary& summary, MetricList* metrics) {
  for (const JudgeRecord& record : summary.judges) {
    const std::string prefix = PrefixOf(record.judge);
    metrics->Add(absl::StrCat(prefix, "judgments"), record.judgments);
    metrics->Add(absl::StrCat(prefix, "failures"), record.failures);
    AddStatistic(absl::StrCat(prefix, "position_bias"), record.position_bias, metrics);
    AddStatistic(absl::StrCat(prefix, "people_agreement"), record.people_agreement, metrics);
    metrics->Add(absl::StrCat(prefix, "people_pairs"), record.people_pairs);
    // The jury has no version and no cost of its own.
    if (!record.version.empty()) metrics->Add(absl::StrCat(prefix, "cost_usd"), record.cost_usd);
  }
  AddStatistic("judge_agreement_alpha", summary.agreement, metrics);
  metrics->Add("judging_cost_usd", summary.cost_usd);
}

TrackedRun Amendment(const Evaluation& evaluation, std::string client_key) {
  TrackedRun run;
  run.amendment = kJudgments;
  run.client_key = std::move(client_key);
  run.evaluation_id = evaluation.id;
  run.started_at = evaluation.started_at;
  run.finished_at = evaluation.finished_at;
  run.succeeded = true;
  return run;
}

}  // namespace

std::vector<TrackedRun> BuildTrackedJudgments(const Evaluation& evaluation,
                                              const EvaluationPlan& plan,
                                              const JudgmentSummary& summary, absl::Time now) {
  std::vector<TrackedRun> runs;
  if (summary.judges.empty()) return runs;
  MetricList totals(now);
  AddJudges(summary, &totals);
  for (const Candidate& candidate : plan.models) {
    MetricList metrics(now);
    const ResultsByJudge by_judge = AddCandidate(candidate.name, summary, &metrics);
    if (by_judge.empty()) continue;
    for (const auto& [judge, results] : by_judge) {
      totals.Add(absl::StrCat(PrefixOf(judge), "win_rate/", candidate.name),
                 results.shares / results.pairs);
    }
    TrackedRun run = Amendment(evaluation, CandidateKey(evaluation, candidate.name));
    run.model = candidate.name;
    run.run_name = CandidateRunName(candidate.name);
    run.metrics = metrics.Take();
    run.artifacts = {kJudgmentsJson, kSamplesJsonl};
    runs.push_back(std::move(run));
  }
  TrackedRun whole = Amendment(evaluation, EvaluationKey(evaluation));
  whole.run_name = EvaluationRunName(evaluation);
  whole.metrics = totals.Take();
  for (const JudgeRecord& record : summary.judges) {
    if (record.version.empty()) continue;
    whole.tags.emplace_back(absl::StrCat("assay.judge.", record.judge), record.version);
  }
  whole.artifacts = {kReportHtml, kReportMarkdown, kResultsJson, kSamplesJsonl, kJudgmentsJson};
  runs.insert(runs.begin(), std::move(whole));
  return runs;
}

}  // namespace assay::evaluator
