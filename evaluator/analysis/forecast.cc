// Implementation of forecasts.
#include "evaluator/analysis/forecast.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "evaluator/analysis/early_stop.h"
#include "evaluator/analysis/family.h"
#include "evaluator/analysis/pairing.h"
#include "evaluator/analysis/pairwise.h"
#include "evaluator/plan/plan.h"
#include "evaluator/records/too_few.h"
#include "evaluator/stats/group_sequential.h"
#include "evaluator/stats/paired.h"
#include "evaluator/stats/power.h"

namespace assay::evaluator {
namespace {

constexpr int kPastEvaluations = 100;
constexpr double kMsPerSecond = 1000;

// The pooled variance of paired differences.
struct Spread {
  double squares = 0;
  double weight = 0;
  int comparisons = 0;

  double Deviation() const { return std::sqrt(squares / weight); }
};

bool HasScorer(const Evaluation& evaluation, const std::string& scorer) {
  return std::any_of(evaluation.summaries.begin(), evaluation.summaries.end(),
                     [&](const Summary& summary) { return summary.scorer == scorer; });
}

// Pools the comparisons of one content type, or without one of all.
Spread SpreadOf(const std::vector<Evaluation>& past, const std::string& scorer,
                std::string_view content_type) {
  Spread spread;
  for (const Evaluation& evaluation : past) {
    if (!HasScorer(evaluation, scorer)) continue;
    for (const Comparison& c : evaluation.analysis.comparisons) {
      if (c.metric != "quality_score" || c.content_type != content_type) continue;
      // The effect size is the difference divided by the deviation.
      if (c.result.effect_size == 0 || c.result.n_paired < 2) continue;
      const double deviation = c.result.diff / c.result.effect_size;
      const double weight = c.result.n_paired - 1;
      spread.squares += weight * deviation * deviation;
      spread.weight += weight;
      ++spread.comparisons;
    }
  }
  return spread;
}

int UnitsOf(const EvaluationPlan& plan, std::string_view content_type) {
  ClusterNumbering clusters;
  std::set<int> numbers;
  for (const Unit& unit : PromptUnits(plan)) {
    if (content_type.empty() || unit.content_type == content_type) {
      numbers.insert(clusters.NumberOf(unit));
    }
  }
  return static_cast<int>(numbers.size());
}

std::string TypeText(const std::string& type) { return type.empty() ? "all content types" : type; }

DetectableDifference Detectable(const EvaluationPlan& plan, const std::vector<Evaluation>& past,
                                const std::string& type, double level, double detect,
                                std::vector<std::string>* basis) {
  DetectableDifference row{.content_type = type, .prompts = UnitsOf(plan, type)};
  Spread spread = SpreadOf(past, plan.scorers.front(), type);
  std::string source = TypeText(type);
  if (spread.weight == 0) {
    spread = SpreadOf(past, plan.scorers.front(), "");
    source = TypeText("");
  }
  if (spread.weight > 0) {
    row.deviation = spread.Deviation();
    basis->push_back(absl::StrFormat("%s: the spread of %d past comparisons over %s",
                                     TypeText(type), spread.comparisons, source));
  } else {
    row.deviation = kAssumedDeviation;
    basis->push_back(absl::StrFormat(
        "%s: no past comparison; assumes that paired differences vary by %.3g points",
        TypeText(type), kAssumedDeviation));
  }
  const int needed_for_test = MinPairs(level);
  if (row.prompts >= needed_for_test) {
    row.difference = DetectableEffect(row.prompts, level, kUsualPower) * row.deviation;
  } else {
    basis->push_back(
        absl::StrCat(TypeText(type), ": ", NoVerdictText(row.prompts, needed_for_test)));
  }
  if (detect > 0 && row.deviation > 0) {
    const int needed = PairsNeeded(detect / row.deviation, level, kUsualPower);
    row.prompts_needed = needed == 0 ? 0 : std::max(needed, MinPairs(level));
  }
  return row;
}

// Returns the latest summary over all content types of the candidate, else of its model.
const Summary* LatestOf(const Candidate& candidate, const std::vector<Evaluation>& past) {
  for (const std::string& name : {candidate.name, candidate.model}) {
    for (const Evaluation& evaluation : past) {
      for (const Summary& summary : evaluation.summaries) {
        const bool fits = summary.model == name && summary.content_type.empty();
        if (fits && summary.latency_ms.samples > 0) return &summary;
      }
    }
  }
  return nullptr;
}

void AddCosts(const EvaluationPlan& plan, const std::vector<Evaluation>& past, Forecast* forecast) {
  const double each = static_cast<double>(plan.prompts.size()) * plan.repeats;
  double seconds = 0;
  double usd = 0;
  for (const Candidate& candidate : plan.models) {
    const Summary* summary = LatestOf(candidate, past);
    if (summary == nullptr) {
      forecast->basis.push_back(
          absl::StrCat("time and cost: unknown, because no past evaluation "
                       "measured ",
                       candidate.model));
      return;
    }
    seconds += each * summary->latency_ms.mean / kMsPerSecond;
    usd += each * summary->cost_usd.mean;
  }
  forecast->seconds = seconds;
  forecast->cost_usd = usd;
  forecast->basis.emplace_back(
      "time and cost: those of the latest evaluation of each model, without loads, warm-up, tasks "
      "and scaling");
}

}  // namespace

absl::StatusOr<Forecast> MakeForecast(RunStore* store, const EvaluationPlan& plan, double detect) {
  ASSIGN_OR_RETURN(std::vector<Evaluation> past, store->List(kPastEvaluations));
  std::erase_if(past, [](const Evaluation& evaluation) {
    return evaluation.state == EvaluationState::kRunning;
  });
  Forecast forecast{.samples = TotalSamples(plan)};
  if (plan.models.size() > 1 && !plan.prompts.empty()) {
    const std::vector<std::string> types = TestedGroups(plan);
    const auto models = static_cast<int>(plan.models.size());
    const FamilySize family{.pairs = models * (models - 1) / 2,
                            .content_types = static_cast<int>(types.size()) - 1};
    // That of the last look, if there are looks.
    const std::vector<double> looks = LooksOf(plan, {}).remaining;
    for (const std::string& type : types) {
      const double level =
          NominalLevel(looks, PowerLevel(plan.correction, plan.alpha, family, !type.empty()));
      forecast.detectable.push_back(Detectable(plan, past, type, level, detect, &forecast.basis));
    }
    if (plan.stop_early) {
      forecast.basis.push_back(
          absl::StrCat("early stopping: all figures are those of the planned "
                       "end, the last of ",
                       looks.size(), " looks"));
    }
  }
  AddCosts(plan, past, &forecast);
  return forecast;
}

absl::Status CheckDetects(const Forecast& forecast, double detect) {
  if (detect == 0) return absl::OkStatus();
  // The negated comparison also rejects NaN.
  if (!(detect > 0 && detect <= kScoreBounds.high)) {
    return absl::InvalidArgumentError(
        absl::StrCat("detect: ", detect, "; give a difference of quality scores, 0 to 10"));
  }
  if (forecast.detectable.empty()) {
    return absl::InvalidArgumentError(
        "detect: the plan has no two candidates to compare on prompts; add one, or leave it out");
  }
  const DetectableDifference& whole = forecast.detectable.back();
  if (whole.difference && *whole.difference <= detect) return absl::OkStatus();
  const std::string smallest =
      whole.difference ? absl::StrFormat("detects differences from %.2f points", *whole.difference)
                       : std::string("is too small for any test");
  const std::string enough =
      whole.prompts_needed > 0 ? absl::StrFormat("%d prompts can detect it", whole.prompts_needed)
                               : std::string("no number of prompts up to a million can detect it");
  return absl::FailedPreconditionError(absl::StrFormat(
      "detect: the plan has %d prompts and %s with a power of 0.8, not %.3g; %s. Add prompts, or "
      "run it all the same with `anyway` (--anyway)",
      whole.prompts, smallest, detect, enough));
}

}  // namespace assay::evaluator
