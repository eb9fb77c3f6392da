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
// are averaged first, all prompts weigh the same, and the prompts of one cluster are one unit of
// the test.
struct Comparison {
  // Empty if the comparison covers all content types.
  std::string content_type;
  std::string baseline;
  std::string candidate;
  // "quality_score", "success_rate", "latency_ms", "first_token_ms", "tokens_per_second",
  // "cost_usd" or "accuracy/<task>".
  std::string metric;
  bool greater_is_better = true;
  // With early stopping, p-value and interval allow for the looks (analysis/early_stop.h).
  PairedResult result;
  // The number of pairs that a test needs: MinPairs() of its level (stats/paired.h), which is alpha
  // or, with early stopping, that of the last look.
  int min_pairs = kMinPairs;
  // The p-value after the plan's correction (analysis/pairwise.h). A family consists of all tests
  // of one metric, for every content type and over all of them: quality scores of every two
  // candidates (of which comparisons have only those with the baseline), and other metrics of every
  // candidate with the baseline.
  double p_adjusted = 1;
  // kBetter and kWorse require p_adjusted < alpha. For quality scores, the means over all prompts
  // of either candidate must also differ in the same direction, because prompts without a pair can
  // reverse them.
  Verdict verdict = Verdict::kTooFewPairs;
  // The prompts that were left out, each with the reason ("linkedin-3: the baseline failed").
  std::vector<std::string> unpaired;
  // The number of pairs needed to detect the observed effect at power_alpha with a power of 0.8. It
  // is computed for the paired t-test; the tests used here need a few per cent more. It is at least
  // MinPairs(power_alpha) (stats/paired.h). 0 if it cannot be computed.
  int pairs_needed = 0;
  // The smallest difference that this number of pairs detects with a power of 0.8.
  double detectable_difference = 0;
  // The level at which the p-value is safe to be shown after the correction: PowerLevel()
  // (analysis/pairwise.h). 0 if nothing was tested.
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
  // 1 is best. A candidate shares the rank of the next better one unless it is shown to be lower
  // than one of those with that rank; its rank is then one more than the number of candidates with
  // better ranks. Ranks therefore never contradict the means, and candidates of one rank are not
  // shown to differ.
  int rank = 1;
  // Compact letter display (Piepho, JCGS 13, 2004): two candidates share a letter exactly if no
  // difference between them is shown. Empty in records of older versions, and if the display would
  // need more than 52 letters.
  std::string letters;
  // True if the candidate is shown to be lower than the first one.
  bool lower_than_first = false;
  // The number of prompts (or clusters) shared with the first candidate, on which both were
  // compared. Below MinPairs(alpha) they were not tested, and a shared rank has no meaning. 0 for
  // the first one.
  int n_common = 0;
  // The number of clusters of the prompts, which are the units of the interval. 0 in records of
  // older versions.
  int clusters = 0;
};

// The candidates ordered by mean quality score, best first. Ranks and letters come from the tests
// of every two candidates, corrected over all candidates and content types, as the verdicts do.
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

// What an evaluation as a whole used (economics/evaluation_cost.h).
struct EvaluationCost {
  double compute_seconds = 0;
  double joules = 0;
  double usd = 0;
  // Energy::source of the records, or "mixed" if they differ.
  std::string energy_source;
};

// How far an evaluation with early stopping came (analysis/early_stop.h).
struct EarlyStop {
  // The planned number of looks.
  int looks = 0;
  // The last look that was reached, from 1. 0: none.
  int look = 0;
  // The prompts of the looks that were reached, and of the plan.
  int prompts = 0;
  int planned_prompts = 0;
  // "decided": every two candidates were shown to differ in quality. "futility": no undecided
  // difference was likely to be shown. Empty: the evaluation did not stop before its planned end.
  std::string reason;
  // The time that the samples not taken would have needed, by the mean latency of those taken. 0
  // if the evaluation did not stop early.
  double saved_seconds = 0;
};

struct Analysis {
  std::string baseline;
  // The two-sided significance level. The intervals of differences have the level 1 - alpha.
  double alpha = 0.05;
  // "holm", "benjamini_hochberg" or "none".
  std::string correction;
  // "zero" or "leave_out": how failed generations entered the quality scores. Empty in records of
  // older versions, which left them out.
  std::string failures;
  std::vector<Comparison> comparisons;
  std::vector<Ranking> rankings;
  std::vector<MemoryTrend> memory;
  // One sentence per content type and one over all types. They claim no more than the tests show.
  std::vector<std::string> decisions;
  // All 0 in records of older versions.
  EvaluationCost cost;
  // Absent if the plan has no early stopping.
  std::optional<EarlyStop> early_stop;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_ANALYSIS_RESULT_H_
