// Implementation of the clauses on differences.
#include "evaluator/analysis/gate_difference.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "evaluator/analysis/early_stop.h"
#include "evaluator/analysis/family.h"
#include "evaluator/analysis/pairing.h"
#include "evaluator/analysis/pairwise.h"

namespace assay::evaluator {
namespace {

constexpr double kMsPerSecond = 1000.0;

const Metric* FindMetric(const std::vector<Metric>& metrics, std::string_view name) {
  const auto found = std::find_if(metrics.begin(), metrics.end(),
                                  [name](const Metric& metric) { return metric.name == name; });
  return found == metrics.end() ? nullptr : &*found;
}

// The outcome of a difference with the confidence limits `low` and `high`.
GateOutcome OutcomeOf(bool greater, bool equal, double bound, double low, double high) {
  // A difference that must be low is a difference of the opposite sign that must be high.
  if (!greater) return OutcomeOf(true, equal, -bound, -high, -low);
  if (low > bound || (equal && low == bound)) return GateOutcome::kPass;
  if (high < bound || (!equal && high == bound)) return GateOutcome::kFail;
  return GateOutcome::kUndecided;
}

}  // namespace

void DifferenceChecker::Check(const Gate::Clause& clause, const std::string& candidate,
                              const std::string& minus, GateClauseResult* result) const {
  std::string_view name = "quality_score";
  double unit = 1;
  switch (clause.family) {
    case Gate::Family::kLatency:
      name = "latency_ms";
      unit = kMsPerSecond;
      break;
    case Gate::Family::kFirstToken:
      name = "first_token_ms";
      unit = kMsPerSecond;
      break;
    case Gate::Family::kTokensPerSecond:
      name = "tokens_per_second";
      break;
    case Gate::Family::kCost:
      name = "cost_usd";
      break;
    case Gate::Family::kSuccessRate:
      name = "success_rate";
      break;
    case Gate::Family::kQuality:
    case Gate::Family::kAccuracy:
    case Gate::Family::kPerplexity:
      break;
  }
  CandidateValues values;
  std::vector<Unit> units = PromptUnits(plan_);
  const bool accuracy = clause.family == Gate::Family::kAccuracy;
  const std::vector<Metric> metrics = SampleMetrics(plan_.failures);
  for (const std::string& side : {candidate, minus}) {
    values[side] = accuracy ? CorrectnessOf(answers_, side, clause.part)
                            : ValuesOf(samples_, side, *FindMetric(metrics, name));
  }
  if (accuracy) {
    for (const KnownAnswerTask& task : plan_.tasks) {
      if (task.name == clause.part) units = ItemUnits(task);
    }
  }
  const std::string type = clause.family == Gate::Family::kQuality ? clause.part : "";
  // A one-sided limit with this confidence is an end of the two-sided interval at twice the error.
  const double alpha = 2 * (1 - clause.minus->confidence);
  // The items of tasks are all answered, whenever the samples end.
  const LookFractions looks = accuracy ? LookFractions() : LooksOf(plan_, samples_).fractions;
  const auto fractions = looks.find(TestedGroups(plan_).size() == 1 ? "" : type);
  const PairedResult test =
      TestPair(units, type, values, minus, candidate, alpha,
               fractions == looks.end() ? std::span<const double>() : fractions->second)
          .result;
  if (test.n_paired == 0) return;
  if (test.method.empty()) {
    result->outcome = GateOutcome::kUndecided;
    return;
  }
  result->value = test.diff / unit;
  result->limit_low = test.ci_low / unit;
  result->limit_high = test.ci_high / unit;
  const bool greater =
      clause.relation == Gate::Relation::kAtLeast || clause.relation == Gate::Relation::kAbove;
  const bool equal =
      clause.relation == Gate::Relation::kAtLeast || clause.relation == Gate::Relation::kAtMost;
  result->outcome =
      OutcomeOf(greater, equal, clause.bound, *result->limit_low, *result->limit_high);
}

}  // namespace assay::evaluator
