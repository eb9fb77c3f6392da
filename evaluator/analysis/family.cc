// Implementation of the family of one metric's tests.
#include "evaluator/analysis/family.h"

#include <algorithm>
#include <span>

#include "evaluator/stats/paired.h"
#include "evaluator/stats/power.h"

namespace assay::evaluator {
namespace {

Verdict VerdictOf(const PairwiseTest& test, bool greater_is_better) {
  if (test.result.status == PairedStatus::kInsufficientPairs) return Verdict::kTooFewPairs;
  if (test.shown == 0) return Verdict::kNoDifferenceShown;
  return (test.shown > 0) == greater_is_better ? Verdict::kBetter : Verdict::kWorse;
}

// `deviation` is the standard deviation of the pairs' differences.
void AddPower(double deviation, double alpha, Comparison* comparison) {
  const PairedResult& result = comparison->result;
  comparison->power_alpha = alpha;
  comparison->detectable_difference =
      DetectableEffect(result.n_paired, alpha, kUsualPower) * deviation;
  if (result.effect_size == 0) return;
  const int needed = PairsNeeded(result.effect_size, alpha, kUsualPower);
  // The t-test may need fewer pairs than the sign-flip test.
  comparison->pairs_needed = needed == 0 ? 0 : std::max(needed, MinPairs(alpha));
}

}  // namespace

std::vector<std::string> TestedGroups(const EvaluationPlan& plan) {
  std::vector<std::string> groups = ContentTypes(plan);
  if (groups.size() == 1) groups.clear();
  groups.emplace_back();
  return groups;
}

Family::Family(const EvaluationPlan& plan, const std::string& baseline,
               const LookFractions& fractions)
    : plan_(plan), fractions_(fractions) {
  for (const Candidate& candidate : plan.models) {
    const bool is_baseline = candidate.name == baseline;
    names_.insert(is_baseline ? names_.begin() : names_.end(), candidate.name);
    has_baseline_ = has_baseline_ || is_baseline;
  }
}

void Family::Add(const std::vector<Unit>& units, const std::string& content_type,
                 const CandidateValues& values, bool all_pairs) {
  if (!all_pairs && !has_baseline_) return;
  std::span<const double> fractions;
  if (const auto at = fractions_.find(content_type); at != fractions_.end()) fractions = at->second;
  const size_t firsts = all_pairs ? names_.size() : 1;
  for (size_t i = 0; i < firsts; ++i) {
    for (size_t k = i + 1; k < names_.size(); ++k) {
      tests_.push_back(
          TestPair(units, content_type, values, names_[i], names_[k], plan_.alpha, fractions));
    }
  }
}

double Family::LevelOf(const PairwiseTest& test) const {
  return PowerLevel(plan_.correction, plan_.alpha, SizeOf(tests_), !test.content_type.empty());
}

std::vector<Comparison> Family::Comparisons(const std::string& metric,
                                            bool greater_is_better) const {
  std::vector<Comparison> comparisons;
  if (!has_baseline_) return comparisons;
  const FamilySize size = SizeOf(tests_);
  for (const PairwiseTest& test : tests_) {
    if (test.first != names_.front()) continue;
    Comparison& c = comparisons.emplace_back(Comparison{.content_type = test.content_type,
                                                        .baseline = test.first,
                                                        .candidate = test.second,
                                                        .metric = metric,
                                                        .greater_is_better = greater_is_better,
                                                        .result = test.result,
                                                        .min_pairs = test.min_pairs,
                                                        .p_adjusted = test.p_adjusted,
                                                        .unpaired = test.unpaired});
    c.verdict = VerdictOf(test, greater_is_better);
    if (test.result.method.empty()) continue;
    const bool is_content_type = !test.content_type.empty();
    AddPower(test.deviation, PowerLevel(plan_.correction, plan_.alpha, size, is_content_type), &c);
  }
  return comparisons;
}

CandidateValues ValuesOfAll(const EvaluationPlan& plan, const std::vector<Sample>& samples,
                            const Metric& metric) {
  CandidateValues values;
  for (const Candidate& candidate : plan.models) {
    values[candidate.name] = ValuesOf(samples, candidate.name, metric);
  }
  return values;
}

}  // namespace assay::evaluator
