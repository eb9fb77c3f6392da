// The results of the statistical analysis of an evaluation: comparisons, rankings, memory trends
// and decisions.
#ifndef ASSAY_EVALUATOR_RECORDS_ANALYSIS_RESULT_H_
#define ASSAY_EVALUATOR_RECORDS_ANALYSIS_RESULT_H_

#include <optional>
#include <string>
#include <vector>

#include "evaluator/stats/clustered.h"
#include "evaluator/stats/paired.h"

namespace assay::evaluator {

enum class Verdict { kBetter, kWorse, kNoDifferenceShown, kTooFewPairs };

// Compares one candidate with the baseline in one metric, paired by prompt. The repeats of a prompt
// are averaged first, and the prompts of one cluster count as one unit.
struct Comparison {
  // Empty if the comparison covers all content types.
  std::string content_type;
  std::string baseline;
  std::string candidate;
  // "quality_score", "latency_ms", "first_token_ms", "tokens_per_second", "cost_usd" or
  // "accuracy/<task>".
  std::string metric;
  bool greater_is_better = true;
  PairedResult result;
  // The p-value after the plan's correction. A family consists of all tests of one metric: every
  // candidate, for every content type and over all of them.
  double p_adjusted = 1;
  // kBetter and kWorse require p_adjusted < alpha and a mean difference in the direction that the
  // test supports.
  Verdict verdict = Verdict::kTooFewPairs;
  // The prompts that were left out, each with the reason ("linkedin-3: the baseline failed").
  std::vector<std::string> unpaired;
  // The number of pairs needed to detect the observed effect at power_alpha with a power of 0.8. It
  // is computed for the paired t-test; the tests used here need a few per cent more. It is at least
  // the number of pairs with which the rank test can reach that level. 0 if it cannot be computed.
  int pairs_needed = 0;
  // The smallest difference that this number of pairs detects with a power of 0.8.
  double detectable_difference = 0;
  // alpha, or with a correction alpha / the number of tests in the family, which is the bound that
  // Holm and Benjamini-Hochberg apply to the smallest p-value. 0 if nothing was tested.
  double power_alpha = 0;
};

// The quality scores of all scorers are within these bounds.
inline constexpr Bounds kScoreBounds{.low = 0, .high = 10};
// The bounds of durations, sizes, rates and costs.
inline constexpr Bounds kNotNegative{.low = 0};

struct RankedCandidate {
  std::string name;
  // The number of prompts with a quality score.
  int n = 0;
  double mean = 0;
  // The confidence interval of the mean, with errors clustered by prompt. Absent with fewer than
  // two clusters.
  std::optional<double> ci_low;
  std::optional<double> ci_high;
  // 1 is best. Candidates without a significant difference from the best of their group share its
  // rank, which is one more than the number of candidates in the better groups.
  int rank = 1;
  // The number of prompts (or clusters) shared with the best of the group, on which both were
  // compared. Below kMinPairs they were not tested, and the shared rank has no meaning. 0 for the
  // best of the group itself.
  int n_common = 0;
  // The number of clusters of the prompts, which are the units of the interval. 0 in records of
  // older versions.
  int clusters = 0;
};

// The candidates ordered by mean quality score, best first. The ranks come from paired tests of all
// pairs of candidates, Holm-corrected within this ranking only: if several content types are
// ranked, the probability of a false rank in any of them is larger than alpha.
struct Ranking {
  // Empty if the ranking covers all content types.
  std::string content_type;
  std::vector<RankedCandidate> candidates;
};

// The growth of the server's resident memory over the second half of a candidate's samples. The
// first half is ignored, because the KV cache and the prompt cache fill up then, which is no leak.
struct MemoryTrend {
  std::string model;
  // The number of samples used. 0 if there were too few for a verdict.
  int n = 0;
  // The Theil-Sen slope and its 95 % confidence interval, in bytes per sample.
  double slope = 0;
  double ci_low = 0;
  double ci_high = 0;
  // True if the whole interval is above kLeakBytesPerSample.
  bool leaks = false;
};

struct Analysis {
  std::string baseline;
  // The two-sided significance level.
  double alpha = 0.05;
  // "holm", "benjamini_hochberg" or "none".
  std::string correction;
  std::vector<Comparison> comparisons;
  std::vector<Ranking> rankings;
  std::vector<MemoryTrend> memory;
  // One sentence per content type and one over all types. They claim no more than the tests show.
  std::vector<std::string> decisions;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_ANALYSIS_RESULT_H_
