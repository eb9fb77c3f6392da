// Implementation of the analysis of an evaluation.
#include "evaluator/analysis/analysis.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "evaluator/analysis/decision.h"
#include "evaluator/analysis/early_stop.h"
#include "evaluator/analysis/family.h"
#include "evaluator/analysis/pairing.h"
#include "evaluator/analysis/pairwise.h"
#include "evaluator/analysis/ranking.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/too_few.h"
#include "evaluator/stats/paired.h"
#include "evaluator/stats/quantile.h"
#include "evaluator/stats/trend.h"

namespace assay::evaluator {
namespace {

constexpr std::string_view kQuality = "quality_score";
constexpr std::string_view kSuccessRate = "success_rate";

std::string CorrectionName(Correction correction) {
  switch (correction) {
    case Correction::kHolm:
      return "holm";
    case Correction::kBenjaminiHochberg:
      return "benjamini_hochberg";
    case Correction::kNone:
      return "none";
  }
  return "none";
}

void Append(std::vector<Comparison> comparisons, Analysis* analysis) {
  std::move(comparisons.begin(), comparisons.end(), std::back_inserter(analysis->comparisons));
}

// The mean success rate of each candidate's prompts, by content type (empty = all).
using SuccessRates = std::map<std::string, std::map<std::string, double>>;

void CompareSamples(const EvaluationPlan& plan, const std::vector<Sample>& samples,
                    Analysis* analysis, SuccessRates* rates) {
  if (plan.prompts.empty()) return;
  const std::vector<Unit> units = PromptUnits(plan);
  const std::vector<std::string> groups = TestedGroups(plan);
  const Looks looks = LooksOf(plan, samples);
  for (const Metric& metric : SampleMetrics(plan.failures)) {
    const CandidateValues values = ValuesOfAll(plan, samples, metric);
    const bool quality = metric.name == kQuality;
    Family family(plan, analysis->baseline, looks.fractions);
    for (const std::string& group : groups) family.Add(units, group, values, quality);
    family.Correct();
    if (quality) KeepWithMeans(units, values, &family.tests());
    Append(family.Comparisons(metric.name, metric.greater_is_better), analysis);
    for (const std::string& group : groups) {
      if (metric.name == kSuccessRate) {
        for (const auto& [name, of_units] : values) {
          if (of_units.values.empty()) continue;
          (*rates)[group][name] = MeanOfUnits(units, group, of_units);
        }
      }
      if (!quality) continue;
      Ranking ranking = RankCandidates(units, group, values, family.tests());
      if (!ranking.candidates.empty()) analysis->rankings.push_back(std::move(ranking));
    }
  }
}

void CompareAnswers(const EvaluationPlan& plan, const std::vector<TaskAnswer>& answers,
                    Analysis* analysis) {
  for (const KnownAnswerTask& task : plan.tasks) {
    if (task.kind != TaskKind::kMultipleChoice) continue;
    CandidateValues values;
    for (const Candidate& candidate : plan.models) {
      values[candidate.name] = CorrectnessOf(answers, candidate.name, task.name);
    }
    // The items of tasks are all answered, whenever the samples end.
    const LookFractions no_looks;
    Family family(plan, analysis->baseline, no_looks);
    family.Add(ItemUnits(task), "", values, false);
    family.Correct();
    Append(family.Comparisons(absl::StrCat("accuracy/", task.name), true), analysis);
  }
}

MemoryTrend TrendOf(const std::string& model, const std::vector<Sample>& samples) {
  std::vector<double> bytes;
  for (const Sample& sample : samples) {
    if (sample.model != model || !sample.error.empty()) continue;
    bytes.push_back(static_cast<double>(sample.memory.after_bytes));
  }
  MemoryTrend trend{.model = model};
  if (bytes.size() < static_cast<size_t>(kMinTrendSamples)) return trend;
  // Caches fill during the first half, which is not a leak.
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(bytes.size() / 2));
  std::vector<double> numbers(bytes.size());
  std::iota(numbers.begin(), numbers.end(), 0.0);
  trend.n = static_cast<int>(bytes.size());
  const Trend slope = TheilSen(numbers, bytes, kConfidence);
  trend.slope = slope.slope;
  trend.ci_low = slope.ci_low;
  trend.ci_high = slope.ci_high;
  trend.leaks = slope.ci_low > kLeakBytesPerSample;
  return trend;
}

// Returns the comparisons of the ranking's content type in which both sides are ranked.
std::vector<Comparison> ComparisonsOf(std::string_view metric, const Ranking& ranking,
                                      const Analysis& analysis) {
  const auto ranked = [&ranking](const std::string& name) {
    return std::any_of(ranking.candidates.begin(), ranking.candidates.end(),
                       [&name](const RankedCandidate& c) { return c.name == name; });
  };
  std::vector<Comparison> found;
  for (const Comparison& c : analysis.comparisons) {
    if (c.metric == metric && c.content_type == ranking.content_type && ranked(c.baseline) &&
        ranked(c.candidate)) {
      found.push_back(c);
    }
  }
  return found;
}

std::string MissingScoresText(const EvaluationPlan& plan, const Ranking& ranking) {
  std::vector<std::string> missing;
  for (const Candidate& candidate : plan.models) {
    const bool ranked =
        std::any_of(ranking.candidates.begin(), ranking.candidates.end(),
                    [&candidate](const RankedCandidate& c) { return c.name == candidate.name; });
    if (!ranked) missing.push_back(candidate.name);
  }
  return missing.empty() ? "" : absl::StrCat("; no scores for: ", absl::StrJoin(missing, ", "));
}

std::string DecideQuality(const Ranking& ranking, const Analysis& analysis) {
  const std::vector<Comparison> quality = ComparisonsOf(kQuality, ranking, analysis);
  if (ranking.candidates.size() == 1) return DescribeOne(ranking);
  if (ranking.candidates.size() == 2 && !quality.empty()) {
    return DecideTwo(quality.front(), analysis);
  }
  return DecideMany(ranking, quality, analysis);
}

// True if nothing could be tested, or if the score of a single candidate is no evidence.
bool IsTooFew(const Ranking& ranking, const Analysis& analysis) {
  const std::vector<RankedCandidate>& candidates = ranking.candidates;
  if (candidates.size() == 1) return !TooFewPrompts(candidates.front()).empty();
  return std::all_of(
      candidates.begin() + 1, candidates.end(), [&analysis](const RankedCandidate& candidate) {
        return !candidate.lower_than_first && candidate.n_common < MinPairs(analysis.alpha);
      });
}

std::string Decide(const EvaluationPlan& plan, const Ranking& ranking, const Analysis& analysis,
                   const SuccessRates& rates) {
  std::string sentence = DecideQuality(ranking, analysis);
  if (const auto at = rates.find(ranking.content_type); at != rates.end()) {
    const std::vector<Comparison> failures = ComparisonsOf(kSuccessRate, ranking, analysis);
    sentence += DescribeFailures(at->second, failures, plan.failures, analysis);
  }
  return sentence + MissingScoresText(plan, ranking);
}

// Adds a sentence per ranking. Rankings that could not be tested share one, unless there is more to
// say about them.
void AddDecisions(const EvaluationPlan& plan, const SuccessRates& rates, Analysis* analysis) {
  std::optional<size_t> first_few;
  std::vector<std::string> others;
  for (const Ranking& ranking : analysis->rankings) {
    std::string sentence = Decide(plan, ranking, *analysis, rates);
    const bool few = IsTooFew(ranking, *analysis) && sentence == DecideQuality(ranking, *analysis);
    if (few && first_few) {
      others.push_back(ranking.content_type.empty() ? "all content types together"
                                                    : ranking.content_type);
      continue;
    }
    if (few) first_few = analysis->decisions.size();
    analysis->decisions.push_back(std::move(sentence));
  }
  if (others.empty()) return;
  absl::StrAppend(&analysis->decisions[*first_few], "; there are also too few for ",
                  absl::StrJoin(others, ", "));
}

}  // namespace

Analysis Analyze(const EvaluationPlan& plan, const std::vector<Sample>& samples,
                 const std::vector<TaskAnswer>& answers) {
  Analysis analysis;
  analysis.alpha = plan.alpha;
  analysis.correction = CorrectionName(plan.correction);
  analysis.failures = plan.failures == FailurePolicy::kZero ? "zero" : "leave_out";
  if (plan.models.empty()) return analysis;
  analysis.baseline = plan.baseline.empty() ? plan.models.front().name : plan.baseline;
  SuccessRates rates;
  CompareSamples(plan, samples, &analysis, &rates);
  analysis.early_stop = EarlyStopOf(plan, samples);
  CompareAnswers(plan, answers, &analysis);
  for (const Candidate& candidate : plan.models) {
    analysis.memory.push_back(TrendOf(candidate.name, samples));
  }
  AddDecisions(plan, rates, &analysis);
  return analysis;
}

}  // namespace assay::evaluator
