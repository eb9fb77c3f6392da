// The result of the statistical analysis of an evaluation: comparisons, rankings, trends,
// decisions.
#ifndef ASSAY_EVALUATOR_RECORDS_ANALYSIS_RESULT_H_
#define ASSAY_EVALUATOR_RECORDS_ANALYSIS_RESULT_H_

#include <optional>
#include <string>
#include <vector>

#include "evaluator/stats/paired.h"

namespace assay::evaluator {

enum class Verdict { kBetter, kWorse, kNoDifferenceShown, kTooFewPairs };

// One candidate against the baseline in one metric, paired by prompt: the repeats of a prompt are
// averaged first, prompts of one cluster count as one unit.
struct Comparison {
  // Empty = over all content types.
  std::string content_type;
  std::string baseline;
  std::string candidate;
  // "quality_score", "latency_ms", "first_token_ms", "tokens_per_second", "cost_usd",
  // "accuracy/<task>".
  std::string metric;
  bool greater_is_better = true;
  PairedResult result;
  // After the plan's correction over its family: the candidates and content types (and the whole)
  // of one metric.
  double p_adjusted = 1;
  // kBetter and kWorse only where p_adjusted < alpha and the mean difference lies on the side that
  // the test speaks for.
  Verdict verdict = Verdict::kTooFewPairs;
  // Prompts left out, and why ("linkedin-3: the baseline failed").
  std::vector<std::string> unpaired;
  // Pairs needed to find the observed effect with a power of 0.8 of the paired t-test (the tests
  // used here need a few per cent more) at power_alpha; at least as many as the rank test needs to
  // reach that level at all; 0 = not computable.
  int pairs_needed = 0;
  // The smallest difference that this many pairs finds with that power.
  double detectable_difference = 0;
  // alpha; under a correction, alpha / the tests of the family: what Holm and Benjamini and
  // Hochberg ask of the smallest p-value. 0 = not tested.
  double power_alpha = 0;
};

struct RankedCandidate {
  std::string name;
  int n = 0;
  double mean = 0;
  // With errors clustered over prompts; absent with fewer than two clusters of them.
  std::optional<double> ci_low;
  std::optional<double> ci_high;
  // 1 = best; candidates that cannot be told apart from the best of their group share a rank: one
  // more than there are candidates in the groups above.
  int rank = 1;
  // Prompts (clusters) shared with the best of the group, on which the two were tested; below
  // kMinPairs they were not, and the shared rank says nothing. 0 for the best itself.
  int n_common = 0;
};

// The candidates by quality score, best mean first. Ranks from paired tests of every two
// candidates, Holm-corrected within this ranking alone: where several content types are ranked, the
// chance of a false rank somewhere is larger than alpha.
struct Ranking {
  // Empty = over all content types.
  std::string content_type;
  std::vector<RankedCandidate> candidates;
};

// Growth of the server's resident memory over the later half of a candidate's samples: over the
// first, caches of keys and values and of prompts fill, which is no leak.
struct MemoryTrend {
  std::string model;
  // Samples behind it; 0 = fewer than kFewestTrendSamples were taken, and there is no verdict.
  int n = 0;
  // Theil and Sen's slope and its 95 % interval, bytes a sample.
  double slope = 0;
  double ci_low = 0;
  double ci_high = 0;
  // True if the interval lies above kLeakBytesPerSample.
  bool leaks = false;
};

struct Analysis {
  std::string baseline;
  double alpha = 0.05;
  // "holm", "benjamini_hochberg", "none".
  std::string correction;
  std::vector<Comparison> comparisons;
  std::vector<Ranking> rankings;
  std::vector<MemoryTrend> memory;
  // One sentence a content type and one over all, claiming no more than the tests do.
  std::vector<std::string> decisions;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_ANALYSIS_RESULT_H_
