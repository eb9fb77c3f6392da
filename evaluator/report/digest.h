// The figures that reports and exports compute from an evaluation's samples.
#ifndef ASSAY_EVALUATOR_REPORT_DIGEST_H_
#define ASSAY_EVALUATOR_REPORT_DIGEST_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluator/report/report_input.h"

namespace assay::evaluator {

struct Quantiles {
  int n = 0;
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
};

// Returns the linearly interpolated quantiles (stats/quantile.h) of the finite values.
Quantiles QuantilesOf(std::vector<double> values);

// A proportion with Wilson's 95 % interval.
struct Proportion {
  int hits = 0;
  int n = 0;
  // The number of independent trials behind the rate and the interval: `n`, or the prompts of
  // repeated samples.
  int units = 0;
  double rate = 0;
  double low = 0;
  double high = 1;
};
Proportion ProportionOf(int hits, int n);

// Technical metrics over successful samples.
struct TechnicalMetrics {
  Quantiles latency_ms;
  Quantiles first_token_ms;
  // Medians over the samples of each sample's own quantile. Only samples of two or more tokens have
  // one.
  Quantiles inter_token_ms;
  Quantiles queue_ms;
  double tokens_per_second = 0;
  double completion_tokens = 0;
  // The total energy; 0 = unknown.
  double joules = 0;
  // The source of the first sample with known energy.
  std::string energy_source;
};

struct TaskResult {
  std::string candidate;
  std::string task;
  TaskKind kind = TaskKind::kMultipleChoice;
  int items = 0;
  int failed = 0;
  // Over the answered items; for multiple choice only.
  Proportion accuracy;
  Proportion accuracy_by_length;
  Proportion accuracy_by_bytes;
  // exp(-log-likelihood / tokens); for perplexity tasks only, 0 = unknown.
  double perplexity = 0;
  double log_likelihood = 0;
  int64_t tokens = 0;
};

using SampleList = std::vector<const Sample*>;

// Indexes the samples of an evaluation by candidate and content type. Construction is linear in the
// samples. Reads only its input, which must outlive it. Candidates and content types are in the
// plan's order; those that only samples have come last. Thread-safe.
class Digest {
 public:
  explicit Digest(const ReportInput& input);

  const std::vector<std::string>& candidates() const { return candidates_; }
  const std::vector<std::string>& content_types() const { return content_types_; }
  // Returns the samples in measurement order. An empty type means all types.
  const SampleList& SamplesOf(const std::string& candidate, const std::string& content_type) const;
  // Returns null if there is no such summary.
  const Summary* SummaryOf(std::string_view candidate, std::string_view content_type) const;
  // Returns the scorers that the samples name, then those that only the plan names, without a
  // version: "assay 2, classic 1".
  std::vector<std::string> ScorersWithVersions() const;
  // Returns one result per task and candidate with answers, in the plan's order.
  std::vector<TaskResult> Tasks() const;

 private:
  const ReportInput& input_;
  std::vector<std::string> candidates_;
  std::vector<std::string> content_types_;
  std::map<std::pair<std::string, std::string>, SampleList> samples_;
};

TechnicalMetrics TechnicalMetricsOf(const SampleList& samples);
// Returns the fraction of samples without an error, with equal weight for each prompt. Repeats of a
// prompt often fail together, so the interval counts prompts.
Proportion SuccessRateOf(const SampleList& samples);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_DIGEST_H_
