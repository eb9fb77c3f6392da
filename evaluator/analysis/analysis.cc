// Implementation of the analysis of an evaluation.
#include "evaluator/analysis/analysis.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "evaluator/analysis/decision.h"
#include "evaluator/analysis/pairing.h"
#include "evaluator/analysis/ranking.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/stats/moments.h"
#include "evaluator/stats/multiple_tests.h"
#include "evaluator/stats/paired.h"
#include "evaluator/stats/power.h"
#include "evaluator/stats/quantile.h"
#include "evaluator/stats/trend.h"

namespace assay::evaluator {
namespace {

constexpr std::string_view kQuality = "quality_score";

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

// Returns each content type and then "" for the whole. A single type equals the whole and is left
// out.
std::vector<std::string> Groups(const EvaluationPlan& plan) {
  std::vector<std::string> groups = ContentTypes(plan);
  if (groups.size() == 1) groups.clear();
  groups.emplace_back();
  return groups;
}

Verdict VerdictOf(const Comparison& comparison, double alpha) {
  if (comparison.result.status == PairedStatus::kInsufficientPairs) return Verdict::kTooFewPairs;
  const double diff = comparison.result.diff;
  // An outlier can give the mean the opposite sign of the test's ranks.
  const bool agree = diff * comparison.result.direction > 0;
  if (comparison.p_adjusted >= alpha || !agree) return Verdict::kNoDifferenceShown;
  return (diff > 0) == comparison.greater_is_better ? Verdict::kBetter : Verdict::kWorse;
}

// Returns the smallest number of pairs with which the exact signed-rank test can reject: its
// smallest p-value is 2 / 2^n.
int MinPairsToReject(double alpha) {
  int pairs = kMinPairs;
  while (std::ldexp(2.0, -pairs) >= alpha) ++pairs;
  return pairs;
}

// `deviation` is the standard deviation of the pairs' differences.
void AddPower(double deviation, double alpha, Comparison* comparison) {
  const PairedResult& result = comparison->result;
  comparison->power_alpha = alpha;
  comparison->detectable_difference =
      DetectableEffect(result.n_paired, alpha, kUsualPower) * deviation;
  if (result.effect_size == 0) return;
  const int needed = PairsNeeded(result.effect_size, alpha, kUsualPower);
  // The t-test may need fewer pairs than the rank test.
  comparison->pairs_needed = needed == 0 ? 0 : std::max(needed, MinPairsToReject(alpha));
}

// The comparisons of one metric, which are one family for the correction of p-values.
class Family {
 public:
  Family(const EvaluationPlan& plan, std::string metric, bool greater_is_better)
      : plan_(plan), metric_(std::move(metric)), greater_is_better_(greater_is_better) {}

  void Add(const std::vector<Unit>& units, const std::string& content_type,
           const CandidateValues& values, const std::string& baseline) {
    if (!values.contains(baseline)) return;
    for (const Candidate& candidate : plan_.models) {
      if (candidate.name == baseline) continue;
      Pairs unit_pairs =
          PairUp(units, content_type, values.at(baseline), values.at(candidate.name));
      const ClusteredPairs pairs =
          AverageClusters(unit_pairs.baseline, unit_pairs.candidate, unit_pairs.clusters);
      comparisons_.push_back({.content_type = content_type,
                              .baseline = baseline,
                              .candidate = candidate.name,
                              .metric = metric_,
                              .greater_is_better = greater_is_better_,
                              .result = ComparePaired(pairs.baseline, pairs.candidate),
                              .unpaired = std::move(unit_pairs.unpaired)});
      deviations_.push_back(
          MomentsOf(PairedDifferences(pairs.baseline, pairs.candidate)).standard_deviation);
    }
  }

  // Corrects the p-values and adds verdicts and power analysis.
  std::vector<Comparison> Finish() {
    // Comparisons without a test do not belong to the family.
    std::vector<double> p_values;
    for (const Comparison& c : comparisons_) {
      if (!c.result.method.empty()) p_values.push_back(c.result.p_value);
    }
    const std::vector<double> adjusted = Adjusted(p_values);
    const double power_alpha = plan_.correction == Correction::kNone
                                   ? plan_.alpha
                                   : plan_.alpha / static_cast<double>(p_values.size());
    size_t next = 0;
    for (size_t i = 0; i < comparisons_.size(); ++i) {
      Comparison& c = comparisons_[i];
      if (!c.result.method.empty()) {
        c.p_adjusted = adjusted[next++];
        AddPower(deviations_[i], power_alpha, &c);
      }
      c.verdict = VerdictOf(c, plan_.alpha);
    }
    return std::move(comparisons_);
  }

 private:
  std::vector<double> Adjusted(const std::vector<double>& p_values) const {
    switch (plan_.correction) {
      case Correction::kHolm:
        return HolmAdjusted(p_values);
      case Correction::kBenjaminiHochberg:
        return BenjaminiHochbergAdjusted(p_values);
      case Correction::kNone:
        break;
    }
    return p_values;
  }

  const EvaluationPlan& plan_;
  const std::string metric_;
  const bool greater_is_better_;
  std::vector<Comparison> comparisons_;
  // The standard deviation of the pairs' differences, per comparison.
  std::vector<double> deviations_;
};

void Append(std::vector<Comparison> comparisons, Analysis* analysis) {
  std::move(comparisons.begin(), comparisons.end(), std::back_inserter(analysis->comparisons));
}

void CompareSamples(const EvaluationPlan& plan, const std::vector<Sample>& samples,
                    Analysis* analysis) {
  if (plan.prompts.empty()) return;
  const std::vector<Unit> units = PromptUnits(plan);
  const std::vector<std::string> groups = Groups(plan);
  for (const Metric& metric : SampleMetrics()) {
    CandidateValues values;
    for (const Candidate& candidate : plan.models) {
      values[candidate.name] = ValuesOf(samples, candidate.name, metric);
    }
    Family family(plan, metric.name, metric.greater_is_better);
    for (const std::string& group : groups) family.Add(units, group, values, analysis->baseline);
    Append(family.Finish(), analysis);
    if (metric.name != kQuality) continue;
    for (const std::string& group : groups) {
      Ranking ranking = RankCandidates(units, group, values, plan.alpha);
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
    Family family(plan, absl::StrCat("accuracy/", task.name), true);
    family.Add(ItemUnits(task), "", values, analysis->baseline);
    Append(family.Finish(), analysis);
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

// Returns the quality comparisons of the ranking's content type in which both sides are ranked.
std::vector<Comparison> QualityOf(const Ranking& ranking, const Analysis& analysis) {
  const auto ranked = [&ranking](const std::string& name) {
    return std::any_of(ranking.candidates.begin(), ranking.candidates.end(),
                       [&name](const RankedCandidate& c) { return c.name == name; });
  };
  std::vector<Comparison> found;
  for (const Comparison& c : analysis.comparisons) {
    if (c.metric == kQuality && c.content_type == ranking.content_type && ranked(c.baseline) &&
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

std::string Decide(const EvaluationPlan& plan, const Ranking& ranking, const Analysis& analysis) {
  const std::vector<Comparison> quality = QualityOf(ranking, analysis);
  const std::string missing = MissingScoresText(plan, ranking);
  if (ranking.candidates.size() == 1) return DescribeOne(ranking) + missing;
  if (ranking.candidates.size() == 2 && !quality.empty()) {
    return DecideTwo(quality.front(), analysis) + missing;
  }
  return DecideMany(ranking, quality) + missing;
}

}  // namespace

Analysis Analyze(const EvaluationPlan& plan, const std::vector<Sample>& samples,
                 const std::vector<TaskAnswer>& answers) {
  Analysis analysis;
  analysis.alpha = plan.alpha;
  analysis.correction = CorrectionName(plan.correction);
  if (plan.models.empty()) return analysis;
  analysis.baseline = plan.baseline.empty() ? plan.models.front().name : plan.baseline;
  CompareSamples(plan, samples, &analysis);
  CompareAnswers(plan, answers, &analysis);
  for (const Candidate& candidate : plan.models) {
    analysis.memory.push_back(TrendOf(candidate.name, samples));
  }
  for (const Ranking& ranking : analysis.rankings) {
    analysis.decisions.push_back(Decide(plan, ranking, analysis));
  }
  return analysis;
}

}  // namespace assay::evaluator
