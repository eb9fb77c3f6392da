// The sentences.
#include "evaluator/analysis/decision.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace assay::evaluator {
namespace {

constexpr double kSmallestP = 0.0001;

std::string Where(const std::string& content_type) {
  return content_type.empty() ? "over all content types" : content_type;
}

std::string P(double value) {
  return value < kSmallestP ? "p < 0.0001" : absl::StrFormat("p = %.2g", value);
}

std::string Prompts(int count) { return absl::StrCat(count, count == 1 ? " prompt" : " prompts"); }

std::string After(const std::string& correction) {
  if (correction == "holm") return " after Holm";
  if (correction == "benjamini_hochberg") return " after Benjamini and Hochberg";
  return "";
}

std::string IntervalOf(const RankedCandidate& candidate) {
  if (!candidate.ci_low || !candidate.ci_high) return "no interval";
  return absl::StrFormat("95 %% interval %.2f to %.2f", *candidate.ci_low, *candidate.ci_high);
}

std::string Evidence(const Comparison& c, const std::string& correction) {
  return absl::StrFormat("95 %% interval %.2f to %.2f, %s%s, %s", c.result.ci_low, c.result.ci_high,
                         P(c.p_adjusted), After(correction), Prompts(c.result.n_paired));
}

std::string Higher(const Comparison& c, const Analysis& analysis) {
  const PairedResult& r = c.result;
  std::string sentence =
      absl::StrFormat("%s: %s scores %s than %s by %.2f (%s)", Where(c.content_type), c.candidate,
                      r.diff > 0 ? "higher" : "lower", c.baseline, std::abs(r.diff),
                      Evidence(c, analysis.correction));
  if (r.ci_low <= 0 && r.ci_high >= 0) {
    absl::StrAppend(&sentence, "; the interval of the mean includes 0: the claim rests on ranks");
  }
  if (r.status == PairedStatus::kFewPairs) absl::StrAppend(&sentence, "; few prompts, take care");
  return sentence;
}

// "0.05", "0.0083, which is 0.05 over 6 tests".
std::string LevelText(const Comparison& c, const Analysis& analysis) {
  std::string level = absl::StrFormat("%.2g", c.power_alpha);
  const double tests = c.power_alpha > 0 ? std::round(analysis.alpha / c.power_alpha) : 1;
  if (tests <= 1) return level;
  return absl::StrFormat("%s, which is %.2g over %.0f tests", level, analysis.alpha, tests);
}

std::string NoDifference(const Comparison& c, const Analysis& analysis) {
  const PairedResult& r = c.result;
  std::string sentence = absl::StrFormat(
      "%s: no difference shown between %s and %s (difference %.2f, %s)", Where(c.content_type),
      c.candidate, c.baseline, r.diff, Evidence(c, analysis.correction));
  if (c.p_adjusted < analysis.alpha) {
    absl::StrAppend(&sentence, "; the ranks favour ", r.direction > 0 ? c.candidate : c.baseline,
                    ", the mean does not: look for outliers");
  } else if (c.pairs_needed > r.n_paired) {
    absl::StrAppend(&sentence, "; about ", c.pairs_needed,
                    " prompts would be needed to show one of this size (by the t-test's power of "
                    "0.8 at the level ",
                    LevelText(c, analysis), ")");
  }
  return sentence;
}

// With its number of prompts where it is not the best's.
std::string WithMean(const RankedCandidate& candidate, const RankedCandidate& best) {
  return candidate.n == best.n ? absl::StrFormat("%s (%.2f)", candidate.name, candidate.mean)
                               : absl::StrFormat("%s (%.2f, %s)", candidate.name, candidate.mean,
                                                 Prompts(candidate.n));
}

std::string Word(Verdict verdict) {
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

std::string AgainstBaseline(const std::vector<Comparison>& comparisons) {
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
    const bool told = verdict == Verdict::kBetter || verdict == Verdict::kWorse;
    const std::string who = all ? (told ? "all " : "") : absl::StrJoin(names, ", ") + " ";
    parts.push_back(who + Word(verdict));
  }
  return absl::StrCat("; against the baseline ", comparisons.front().baseline, ": ",
                      absl::StrJoin(parts, "; "));
}

// The others as they stand to the best.
struct Standing {
  std::vector<std::string> tied;
  std::vector<std::string> untested;
  std::vector<std::string> lower;
  int most_common = 0;
};

Standing StandingOf(const Ranking& ranking) {
  const RankedCandidate& best = ranking.candidates.front();
  Standing standing;
  for (size_t i = 1; i < ranking.candidates.size(); ++i) {
    const RankedCandidate& candidate = ranking.candidates[i];
    const bool tested = candidate.n_common >= kMinPairs;
    std::vector<std::string>& group = candidate.rank > 1 ? standing.lower
                                      : tested           ? standing.tied
                                                         : standing.untested;
    group.push_back(WithMean(candidate, best));
    standing.most_common = std::max(standing.most_common, candidate.n_common);
  }
  return standing;
}

// What the best is to the others.
std::string BestOf(const RankedCandidate& best, const Standing& standing) {
  const std::string name = WithMean(best, best);
  const std::string tied = absl::StrJoin(standing.tied, ", ");
  if (!standing.lower.empty() && standing.tied.empty()) {
    return absl::StrFormat("%s scores highest (%.2f, %s, %s)", best.name, best.mean,
                           IntervalOf(best), Prompts(best.n));
  }
  if (!standing.lower.empty()) {
    return absl::StrCat(name, " and ", tied, " are not told apart (", Prompts(best.n), ")");
  }
  return absl::StrCat("no difference shown between ", name, ", ", tied, " (", Prompts(best.n), ")");
}

}  // namespace

std::string DecideTwo(const Comparison& quality, const Analysis& analysis) {
  switch (quality.verdict) {
    case Verdict::kTooFewPairs:
      return absl::StrFormat("%s: too few prompts (%d) to compare %s with %s; at least %d",
                             Where(quality.content_type), quality.result.n_paired,
                             quality.candidate, quality.baseline, kMinPairs);
    case Verdict::kBetter:
    case Verdict::kWorse:
      return Higher(quality, analysis);
    case Verdict::kNoDifferenceShown:
      break;
  }
  return NoDifference(quality, analysis);
}

std::string DecideMany(const Ranking& ranking, const std::vector<Comparison>& against_baseline) {
  const RankedCandidate& best = ranking.candidates.front();
  const Standing standing = StandingOf(ranking);
  std::string sentence = Where(ranking.content_type) + ": ";
  if (standing.lower.empty() && standing.tied.empty()) {
    absl::StrAppend(&sentence, "too few prompts (", standing.most_common, ") to compare ",
                    ranking.candidates.size(), " candidates; at least ", kMinPairs);
    return sentence;
  }
  absl::StrAppend(&sentence, BestOf(best, standing));
  if (!standing.lower.empty()) {
    absl::StrAppend(&sentence, "; lower than ", best.name, ": ",
                    absl::StrJoin(standing.lower, ", "));
  }
  if (!standing.untested.empty()) {
    absl::StrAppend(&sentence, "; too few prompts to compare with ", best.name, ": ",
                    absl::StrJoin(standing.untested, ", "));
  }
  return sentence + AgainstBaseline(against_baseline);
}

std::string DescribeOne(const Ranking& ranking) {
  const RankedCandidate& only = ranking.candidates.front();
  return absl::StrFormat("%s: %s scores %.2f (%s, %s); nothing to compare it with",
                         Where(ranking.content_type), only.name, only.mean, IntervalOf(only),
                         Prompts(only.n));
}

}  // namespace assay::evaluator
