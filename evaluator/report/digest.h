// What reports and exports compute from an evaluation's samples.
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

// Of the finite ones; by linear interpolation, as statistics.h.
Quantiles QuantilesOf(std::vector<double> values);

// With Wilson's 95 % interval.
struct Proportion {
  int hits = 0;
  int n = 0;
  double rate = 0;
  double low = 0;
  double high = 1;
};
Proportion ProportionOf(int hits, int n);

// Over successful samples.
struct Technical {
  Quantiles latency_ms;
  Quantiles first_token_ms;
  // Medians over the samples of each sample's own quantile; only samples of two tokens or more have
  // one.
  Quantiles inter_token_ms;
  Quantiles queue_ms;
  double tokens_per_second = 0;
  double completion_tokens = 0;
  // Sum; 0 = not known.
  double joules = 0;
  // Of the first sample that knows.
  std::string energy_source;
};

struct TaskResult {
  std::string candidate;
  std::string task;
  TaskKind kind = TaskKind::kMultipleChoice;
  int items = 0;
  int failed = 0;
  // Of the answered items; multiple choice only.
  Proportion accuracy;
  Proportion accuracy_by_length;
  // exp(-log-likelihood / token); perplexity only, 0 = not known.
  double perplexity = 0;
  double log_likelihood = 0;
  int64_t tokens = 0;
};

using SampleList = std::vector<const Sample*>;

// The samples of an evaluation by candidate and content type. Linear in the samples to build; reads
// nothing but its input, which outlives it. Candidates and content types in the plan's order, those
// that only samples know behind them.
class Digest {
 public:
  explicit Digest(const ReportInput& input);

  const std::vector<std::string>& candidates() const { return candidates_; }
  const std::vector<std::string>& content_types() const { return content_types_; }
  // Empty type = over all.
  const SampleList& Of(const std::string& candidate, const std::string& content_type) const;
  // Null if there is none.
  const Summary* SummaryOf(std::string_view candidate, std::string_view content_type) const;
  // What the samples say, else the plan: "assay 2, classic 1".
  std::vector<std::string> ScorersWithVersions() const;
  // Per candidate and task of the plan, where there are answers.
  std::vector<TaskResult> Tasks() const;

 private:
  const ReportInput& input_;
  std::vector<std::string> candidates_;
  std::vector<std::string> content_types_;
  std::map<std::pair<std::string, std::string>, SampleList> samples_;
};

Technical TechnicalOf(const SampleList& samples);
Proportion SuccessOf(const SampleList& samples);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_DIGEST_H_
