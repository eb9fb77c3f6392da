// Implementation of checking gates against results.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "evaluator/analysis/compare.h"
#include "evaluator/analysis/estimate.h"
#include "evaluator/analysis/gate.h"
#include "evaluator/analysis/gate_difference.h"
#include "evaluator/analysis/pairing.h"
#include "evaluator/analysis/summary.h"
#include "evaluator/stats/quantile.h"

namespace assay::evaluator {
namespace {

constexpr double kMsPerSecond = 1000.0;
constexpr double kMedian = 0.5;
constexpr double kNinetieth = 0.9;
constexpr double kNinetyNinth = 0.99;

using Values = std::vector<double>;

std::optional<double> Mean(const Values& values) {
  if (values.empty()) return std::nullopt;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::optional<double> MeanOf(const Estimate& estimate) {
  if (estimate.samples == 0) return std::nullopt;
  return estimate.mean;
}

double LatencySeconds(const Sample& sample) { return sample.generation.total_ms / kMsPerSecond; }
double FirstTokenSeconds(const Sample& sample) {
  return sample.generation.first_token_ms / kMsPerSecond;
}

absl::Status UnknownName(absl::string_view metric, absl::string_view kind, absl::string_view name,
                         const std::vector<std::string>& known) {
  return absl::InvalidArgumentError(absl::StrCat(
      "gate: ", absl::CHexEscape(metric), ": the evaluation has no ", kind, " '",
      absl::CHexEscape(name), "'; it has ", known.empty() ? "none" : absl::StrJoin(known, ", ")));
}

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Returns the predicate for an incomplete evaluation, or null if the evaluation is complete.
const char* IncompleteStateText(EvaluationState state) {
  switch (state) {
    case EvaluationState::kSucceeded:
      return nullptr;
    case EvaluationState::kRunning:
      return "is still running";
    case EvaluationState::kFailed:
      return "failed";
    case EvaluationState::kCancelled:
      return "was cancelled";
  }
  return "is in an unknown state";
}

std::string IncompleteReason(const Evaluation& evaluation) {
  const char* state = IncompleteStateText(evaluation.state);
  if (state == nullptr) return "";
  return absl::StrCat("the evaluation ", state, " with ", evaluation.finished_samples, " of ",
                      evaluation.total_samples, " samples; a gate needs a complete evaluation",
                      evaluation.error.empty() ? "" : absl::StrCat(" (", evaluation.error, ")"));
}

constexpr std::string_view kCandidateAlias = "candidate";
constexpr std::string_view kBaselineAlias = "baseline";

}  // namespace

class GateChecker {
 public:
  GateChecker(const EvaluationPlan& plan, const std::vector<Sample>& samples,
              const std::vector<TaskAnswer>& answers)
      : plan_(plan),
        samples_(samples),
        answers_(answers),
        content_types_(ContentTypes(plan)),
        clusters_(plan),
        failures_(plan.failures) {
    for (const Candidate& candidate : plan.models) candidates_.push_back(candidate.name);
    baseline_ = plan.baseline.empty() && !candidates_.empty() ? candidates_.front() : plan.baseline;
    for (const KnownAnswerTask& task : plan.tasks) {
      (task.kind == TaskKind::kPerplexity ? texts_ : choices_).push_back(task.name);
    }
  }

  absl::Status CheckNames(const Gate::Clause& clause) const {
    if (!clause.candidate.empty() && Named(clause.candidate, clause).empty()) {
      return UnknownName(clause.metric, "candidate", clause.candidate, candidates_);
    }
    if (clause.minus && clause.minus->evaluation.empty() && Subtracted(*clause.minus).empty()) {
      return UnknownName(clause.metric, "candidate", clause.minus->candidate, candidates_);
    }
    if (clause.family == Gate::Family::kQuality && !clause.part.empty() &&
        !Has(content_types_, clause.part)) {
      return UnknownName(clause.metric, "content type", clause.part, content_types_);
    }
    if (clause.family == Gate::Family::kAccuracy && !Has(choices_, clause.part)) {
      return UnknownName(clause.metric, "multiple-choice task", clause.part, choices_);
    }
    if (clause.family == Gate::Family::kPerplexity && !Has(texts_, clause.part)) {
      return UnknownName(clause.metric, "perplexity task", clause.part, texts_);
    }
    return absl::OkStatus();
  }

  absl::Status Check(const Gate::Clause& clause, const MergeWithPast& past,
                     GateResult* result) const {
    const std::vector<std::string> names =
        clause.candidate.empty() ? candidates_ : Named(clause.candidate, clause);
    for (const std::string& candidate : names) {
      if (!clause.minus) {
        result->clauses.push_back(CheckValue(clause, candidate));
        continue;
      }
      ASSIGN_OR_RETURN(GateClauseResult checked, CheckDifference(clause, candidate, past));
      result->clauses.push_back(std::move(checked));
      result->wrong_pass = std::max(result->wrong_pass, 1 - clause.minus->confidence);
    }
    return absl::OkStatus();
  }

 private:
  // Returns the candidate of that name; for "candidate" every one that is not subtracted, in a
  // value clause every one but the baseline.
  std::vector<std::string> Named(const std::string& name, const Gate::Clause& clause) const {
    if (Has(candidates_, name)) return {name};
    if (name == kBaselineAlias) return {baseline_};
    if (name != kCandidateAlias) return {};
    std::vector<std::string> others = candidates_;
    const bool past = clause.minus && !clause.minus->evaluation.empty();
    const std::string excluded = clause.minus ? Subtracted(*clause.minus) : baseline_;
    if (!past) std::erase(others, excluded);
    return others;
  }

  // Returns the candidate that is subtracted; empty for an unknown name.
  std::string Subtracted(const Gate::Subtraction& minus) const {
    if (Has(candidates_, minus.candidate)) return minus.candidate;
    return minus.candidate == kBaselineAlias ? baseline_ : "";
  }

  absl::StatusOr<GateClauseResult> CheckDifference(const Gate::Clause& clause,
                                                   const std::string& candidate,
                                                   const MergeWithPast& past) const {
    const Gate::Subtraction& minus = *clause.minus;
    GateClauseResult result;
    if (minus.evaluation.empty()) {
      const std::string subtracted = Subtracted(minus);
      result.text = Gate::TextOf(clause, candidate, subtracted);
      DifferenceChecker(plan_, samples_, answers_).Check(clause, candidate, subtracted, &result);
      return result;
    }
    result.text =
        Gate::TextOf(clause, candidate, absl::StrCat(minus.evaluation, ":", minus.candidate));
    if (past == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "gate: ", result.text, ": a comparison of two evaluations has no earlier ones"));
    }
    ASSIGN_OR_RETURN(
        const MergedRuns merged,
        past({.evaluation_id = minus.evaluation, .model = minus.candidate}, candidate));
    // The baseline is the first of the two.
    DifferenceChecker(merged.plan, merged.samples, merged.answers)
        .Check(clause, merged.plan.models.back().name, merged.plan.models.front().name, &result);
    return result;
  }

  GateClauseResult CheckValue(const Gate::Clause& clause, const std::string& candidate) const {
    const bool greater =
        clause.relation == Gate::Relation::kAtLeast || clause.relation == Gate::Relation::kAbove;
    const bool equal =
        clause.relation == Gate::Relation::kAtLeast || clause.relation == Gate::Relation::kAtMost;
    GateClauseResult result{.text = Gate::TextOf(clause, candidate, ""),
                            .value = Value(clause, candidate)};
    if (!result.value) return result;
    const double value = *result.value;
    const bool holds =
        (greater ? value > clause.bound : value < clause.bound) || (equal && value == clause.bound);
    if (holds) result.outcome = GateOutcome::kPass;
    return result;
  }

  std::optional<double> Value(const Gate::Clause& clause, const std::string& candidate) const {
    const auto mean = [&](double (*value_of)(const Sample&)) {
      return MeanOf(EstimateSuccesses(SamplesOf(samples_, candidate, ""), clusters_, value_of));
    };
    switch (clause.family) {
      case Gate::Family::kQuality:
        return MeanOf(
            EstimateQuality(SamplesOf(samples_, candidate, clause.part), clusters_, failures_));
      case Gate::Family::kLatency:
        return clause.part == "mean" ? mean(LatencySeconds)
                                     : QuantileOf(candidate, clause.part, LatencySeconds);
      case Gate::Family::kFirstToken:
        return clause.part == "mean" ? mean(FirstTokenSeconds)
                                     : QuantileOf(candidate, clause.part, FirstTokenSeconds);
      case Gate::Family::kTokensPerSecond:
        return mean([](const Sample& s) { return s.generation.tokens_per_second; });
      case Gate::Family::kCost:
        return mean([](const Sample& s) { return s.cost_usd; });
      case Gate::Family::kSuccessRate:
        return SuccessRate(candidate);
      case Gate::Family::kAccuracy:
        return Accuracy(candidate, clause.part);
      case Gate::Family::kPerplexity:
        return Perplexity(candidate, clause.part);
    }
    return std::nullopt;
  }

  // Returns a quantile of the finite values of the successful samples.
  std::optional<double> QuantileOf(const std::string& candidate, const std::string& which,
                                   double (*value_of)(const Sample&)) const {
    Values values;
    for (const Sample& sample : samples_) {
      if (sample.model != candidate || !sample.error.empty()) continue;
      const double value = value_of(sample);
      if (std::isfinite(value)) values.push_back(value);
    }
    if (values.empty()) return std::nullopt;
    std::sort(values.begin(), values.end());
    return Quantile(values, which == "p50" ? kMedian : which == "p90" ? kNinetieth : kNinetyNinth);
  }

  std::optional<double> SuccessRate(const std::string& candidate) const {
    Values successes;
    std::vector<SampleUnit> units;
    for (const Sample& sample : samples_) {
      if (sample.model != candidate) continue;
      successes.push_back(sample.error.empty() ? 1 : 0);
      units.push_back(clusters_.UnitOf(sample));
    }
    return MeanOf(EstimateOf(successes, units));
  }

  std::optional<double> Accuracy(const std::string& candidate, const std::string& task) const {
    Values correct;
    for (const TaskAnswer& answer : answers_) {
      if (answer.model != candidate || answer.task != task || !answer.error.empty()) continue;
      correct.push_back(answer.correct ? 1 : 0);
    }
    return Mean(correct);
  }

  std::optional<double> Perplexity(const std::string& candidate, const std::string& task) const {
    for (const TaskAnswer& answer : answers_) {
      if (answer.model != candidate || answer.task != task || !answer.error.empty()) continue;
      if (answer.log_likelihoods.empty() || answer.tokens.empty() || answer.tokens[0] <= 0) break;
      const double value =
          std::exp(-answer.log_likelihoods[0] / static_cast<double>(answer.tokens[0]));
      if (std::isfinite(value)) return value;
    }
    return std::nullopt;
  }

  const EvaluationPlan& plan_;
  const std::vector<Sample>& samples_;
  const std::vector<TaskAnswer>& answers_;
  const std::vector<std::string> content_types_;
  const SampleClusters clusters_;
  const FailurePolicy failures_;
  std::vector<std::string> candidates_;
  std::string baseline_;
  std::vector<std::string> choices_;
  std::vector<std::string> texts_;
};

absl::Status Gate::CheckNames(const EvaluationPlan& plan) const {
  const std::vector<Sample> no_samples;
  const std::vector<TaskAnswer> no_answers;
  const GateChecker checker(plan, no_samples, no_answers);
  for (const Clause& clause : clauses_) {
    RETURN_IF_ERROR(checker.CheckNames(clause));
  }
  return absl::OkStatus();
}

absl::StatusOr<GateResult> Gate::Check(const Evaluation& evaluation, const EvaluationPlan& plan,
                                       const std::vector<Sample>& samples,
                                       const std::vector<TaskAnswer>& answers,
                                       const MergeWithPast& past) const {
  RETURN_IF_ERROR(CheckNames(plan));
  const GateChecker checker(plan, samples, answers);
  GateResult result{.reason = IncompleteReason(evaluation)};
  for (const Clause& clause : clauses_) {
    RETURN_IF_ERROR(checker.Check(clause, past, &result));
  }
  if (!result.reason.empty() || result.clauses.empty()) return result;
  result.outcome = GateOutcome::kPass;
  for (const GateClauseResult& clause : result.clauses) {
    result.outcome = std::max(result.outcome, clause.outcome);
  }
  return result;
}

}  // namespace assay::evaluator
