// Implementation of the decision sentences.
#include "evaluator/analysis/decision.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "evaluator/records/too_few.h"

namespace assay::evaluator {
namespace {

constexpr double kMinShownP = 0.0001;
constexpr double kPercent = 100;

std::string ScopeText(const std::string& content_type) {
  return content_type.empty() ? "over all content types" : content_type;
}

std::string PValueText(double value) {
  return value < kMinShownP ? "p < 0.0001" : absl::StrFormat("p = %.2g", value);
}

std::string PromptsText(int count) {
  return absl::StrCat(count, count == 1 ? " prompt" : " prompts");
}

// Returns the adjective before an adjusted p-value.
std::string CorrectionText(const std::string& correction) {
  if (correction == "holm") return "adjusted ";
  if (correction == "benjamini_hochberg") return "Benjamini-Hochberg-adjusted ";
  return "";
}

std::string IntervalText(const RankedCandidate& candidate) {
  if (std::string few = TooFewPrompts(candidate); !few.empty()) return few;
  if (!candidate.ci_low || !candidate.ci_high) return "no interval";
  return absl::StrFormat("95 %% interval %.2f to %.2f", *candidate.ci_low, *candidate.ci_high);
}

std::string EvidenceText(const Comparison& c, const Analysis& analysis) {
  return absl::StrFormat("%.4g %% interval %.2f to %.2f, %s%s, %s", kPercent * (1 - analysis.alpha),
                         c.result.ci_low, c.result.ci_high, CorrectionText(analysis.correction),
                         PValueText(c.p_adjusted), PromptsText(c.result.n_paired));
}

std::string DifferenceText(const Comparison& c, const Analysis& analysis) {
  const PairedResult& r = c.result;
  std::string sentence = absl::StrFormat(
      "%s: %s scores %s than %s by %.2f (%s)", ScopeText(c.content_type), c.candidate,
      r.diff > 0 ? "higher" : "lower", c.baseline, std::abs(r.diff), EvidenceText(c, analysis));
  if (r.status == PairedStatus::kFewPairs) {
    absl::StrAppend(&sentence, "; the evidence is thin because there are few prompts");
  }
  return sentence;
}

// Returns the level of the power analysis: "0.05" or "0.013 (0.05 after the correction)".
std::string LevelText(const Comparison& c, const Analysis& analysis) {
  const std::string level = absl::StrFormat("%.2g", c.power_alpha);
  if (c.power_alpha >= analysis.alpha) return level;
  return absl::StrFormat("%s (%.2g after the correction)", level, analysis.alpha);
}

std::string NoDifferenceText(const Comparison& c, const Analysis& analysis) {
  const PairedResult& r = c.result;
  std::string sentence = absl::StrFormat(
      "%s: no difference shown between %s and %s (difference %.2f, %s)", ScopeText(c.content_type),
      c.candidate, c.baseline, r.diff, EvidenceText(c, analysis));
  if (c.p_adjusted < analysis.alpha) {
    absl::StrAppend(&sentence,
                    "; the means over all prompts of each differ in the other direction, ",
                    "because some prompts have no pair");
    return sentence;
  }
  if (r.p_value < analysis.alpha) {
    absl::StrAppend(&sentence, "; this comparison alone would show one, but not among all tests");
  }
  if (c.pairs_needed > r.n_paired) {
    absl::StrAppend(&sentence, "; about ", c.pairs_needed,
                    " prompts would be needed to show a difference of this size (t-test, power "
                    "0.8, level ",
                    LevelText(c, analysis), ")");
  }
  return sentence;
}

// Returns name and mean, and the number of prompts if it differs from the best candidate's.
std::string WithMean(const RankedCandidate& candidate, const RankedCandidate& best) {
  return candidate.n == best.n ? absl::StrFormat("%s (%.2f)", candidate.name, candidate.mean)
                               : absl::StrFormat("%s (%.2f, %s)", candidate.name, candidate.mean,
                                                 PromptsText(candidate.n));
}

std::string VerdictText(Verdict verdict) {
  switch (verdict) {
    case Verdict::kBetter:
      return "better";
    case Verdict::kWorse:
      return "worse";
    case Verdict::kNoDifferenceShown:
      return "no difference shown";
    case Verdict::kTooFewPairs:
      break;
  }
  return "too few prompts";
}

std::string AgainstBaselineText(const std::vector<Comparison>& comparisons) {
  if (comparisons.empty()) return "";
  std::vector<std::string> parts;
  for (const Verdict verdict :
       {Verdict::kBetter, Verdict::kWorse, Verdict::kNoDifferenceShown, Verdict::kTooFewPairs}) {
    std::vector<std::string> names;
    for (const Comparison& c : comparisons) {
      if (c.verdict == verdict) names.push_back(c.candidate);
    }
    if (names.empty()) continue;
    const bool all = names.size() == comparisons.size() && names.size() > 1;
    const bool differs = verdict == Verdict::kBetter || verdict == Verdict::kWorse;
    const std::string subject = all ? (differs ? "all " : "") : absl::StrJoin(names, ", ") + " ";
    parts.push_back(subject + VerdictText(verdict));
  }
  return absl::StrCat("; against the baseline ", comparisons.front().baseline, ": ",
                      absl::StrJoin(parts, "; "));
}

// The other candidates, grouped by their relation to the first one.
struct Groups {
  std::vector<std::string> tied;
  std::vector<std::string> untested;
  std::vector<std::string> lower;
  // The largest number of prompts that one of them has in common with the best.
  int max_common = 0;
};

Groups GroupByRelation(const Ranking& ranking, int min_pairs) {
  const RankedCandidate& best = ranking.candidates.front();
  Groups groups;
  for (size_t i = 1; i < ranking.candidates.size(); ++i) {
    const RankedCandidate& candidate = ranking.candidates[i];
    const bool tested = candidate.n_common >= min_pairs;
    std::vector<std::string>& group = candidate.lower_than_first ? groups.lower
                                      : tested                   ? groups.tied
                                                                 : groups.untested;
    group.push_back(WithMean(candidate, best));
    groups.max_common = std::max(groups.max_common, candidate.n_common);
  }
  return groups;
}

// Describes the first candidate and those that are not shown to differ from it. It says nothing
// about the others among each other.
std::string BestText(const RankedCandidate& best, const Groups& groups) {
  if (!groups.lower.empty() && groups.tied.empty()) {
    return absl::StrFormat("%s scores highest (%.2f, %s, %s)", best.name, best.mean,
                           IntervalText(best), PromptsText(best.n));
  }
  return absl::StrFormat("no difference shown between %s (%.2f, %s) and %s", best.name, best.mean,
                         PromptsText(best.n), absl::StrJoin(groups.tied, ", "));
}

}  // namespace

std::string DecideTwo(const Comparison& quality, const Analysis& analysis) {
  switch (quality.verdict) {
    case Verdict::kTooFewPairs:
      return absl::StrFormat("%s: %s to compare %s with %s", ScopeText(quality.content_type),
                             NoVerdictText(quality.result.n_paired, quality.min_pairs),
                             quality.candidate, quality.baseline);
    case Verdict::kBetter:
    case Verdict::kWorse:
      return DifferenceText(quality, analysis);
    case Verdict::kNoDifferenceShown:
      break;
  }
  return NoDifferenceText(quality, analysis);
}

std::string DecideMany(const Ranking& ranking, const std::vector<Comparison>& against_baseline,
                       const Analysis& analysis) {
  const RankedCandidate& best = ranking.candidates.front();
  const int min_pairs = MinPairs(analysis.alpha);
  const Groups groups = GroupByRelation(ranking, min_pairs);
  std::string sentence = ScopeText(ranking.content_type) + ": ";
  if (groups.lower.empty() && groups.tied.empty()) {
    absl::StrAppend(&sentence, NoVerdictText(groups.max_common, min_pairs), " to compare ",
                    ranking.candidates.size(), " candidates");
    return sentence;
  }
  absl::StrAppend(&sentence, BestText(best, groups));
  if (!groups.lower.empty()) {
    absl::StrAppend(&sentence, "; lower than ", best.name, ": ", absl::StrJoin(groups.lower, ", "));
  }
  if (!groups.untested.empty()) {
    absl::StrAppend(&sentence, "; too few prompts to compare with ", best.name, ": ",
                    absl::StrJoin(groups.untested, ", "));
  }
  return sentence + AgainstBaselineText(against_baseline);
}

std::string DescribeFailures(const std::map<std::string, double>& rates,
                             const std::vector<Comparison>& success, FailurePolicy policy,
                             const Analysis& analysis) {
  const bool failed =
      std::any_of(rates.begin(), rates.end(), [](const auto& rate) { return rate.second < 1; });
  if (!failed) return "";
  std::vector<std::string> parts;
  for (const auto& [name, rate] : rates) {
    std::string part = absl::StrFormat("%s %.3g %%", name, kPercent * (1 - rate));
    for (const Comparison& c : success) {
      if (c.candidate != name || c.verdict == Verdict::kTooFewPairs) continue;
      const bool shown = c.verdict == Verdict::kBetter || c.verdict == Verdict::kWorse;
      absl::StrAppendFormat(&part, " (%s %s, %s%s)",
                            !shown                          ? "no difference shown to"
                            : c.verdict == Verdict::kBetter ? "fewer than"
                                                            : "more than",
                            c.baseline, CorrectionText(analysis.correction),
                            PValueText(c.p_adjusted));
    }
    parts.push_back(std::move(part));
  }
  return absl::StrCat("; failed generations, which ",
                      policy == FailurePolicy::kZero ? "score 0" : "are left out of the scores",
                      ": ", absl::StrJoin(parts, ", "));
}

std::string DescribeOne(const Ranking& ranking) {
  const RankedCandidate& only = ranking.candidates.front();
  if (const std::string few = TooFewPrompts(only); !few.empty()) {
    return absl::StrFormat("%s: %s to say how well %s scores; nothing to compare it with",
                           ScopeText(ranking.content_type), few, only.name);
  }
  return absl::StrFormat("%s: %s scores %.2f (%s, %s); nothing to compare it with",
                         ScopeText(ranking.content_type), only.name, only.mean, IntervalText(only),
                         PromptsText(only.n));
}

}  // namespace assay::evaluator
