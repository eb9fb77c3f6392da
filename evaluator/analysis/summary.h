// Summaries of an evaluation's samples.
#ifndef ASSAY_EVALUATOR_ANALYSIS_SUMMARY_H_
#define ASSAY_EVALUATOR_ANALYSIS_SUMMARY_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "evaluator/analysis/pairing.h"
#include "evaluator/records/economics_inputs.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// A model of the plan and the result of loading it.
struct PreparedModel {
  std::string name;
  absl::StatusOr<LoadReport> load = absl::UnknownError("not loaded");
};

// Returns the samples of one model and content type (empty = all types) in measurement order. The
// pointers refer to `samples`.
std::vector<const Sample*> SamplesOf(const std::vector<Sample>& samples, std::string_view model,
                                     std::string_view content_type);

// The mean of one part of a scorer's score.
struct PartMean {
  std::string scorer;
  std::string name;
  double mean = 0;
  int n = 0;
};

// Returns the means in order of scorers, then parts by name. The mean of a part is over the samples
// that have it. The mean of a gate (kGatePrefix) is over all samples that the scorer scored,
// because an absent gate is 1.
std::vector<PartMean> PartMeans(const std::vector<const Sample*>& samples);

// Estimates a value within `bounds` over the successful samples (estimate.h).
Estimate EstimateSuccesses(const std::vector<const Sample*>& samples,
                           const SampleClusters& clusters,
                           absl::FunctionRef<double(const Sample&)> value_of,
                           const Bounds& bounds = kNotNegative);

// Estimates the quality score, in which failed samples count by `failures`.
Estimate EstimateQuality(const std::vector<const Sample*>& samples, const SampleClusters& clusters,
                         FailurePolicy failures);

// Summarizes the samples of one model and content type: quality by `failures`, everything else over
// the successful samples. roi_per_piece is the return at
// the mean cost (total value against total cost), not the mean of the samples' returns. Memory is
// measured before the first and after the last successful sample; the other memory figures are
// maxima.
Summary Summarize(const PreparedModel& model, std::string_view content_type,
                  const std::vector<const Sample*>& samples, const SampleClusters& clusters,
                  FailurePolicy failures, const EconomicsInputs& economics);

// Returns one summary per model and content type with samples, then one per such model over all
// types.
std::vector<Summary> SummarizeAll(const EvaluationPlan& plan,
                                  const std::vector<PreparedModel>& models,
                                  const std::vector<Sample>& samples,
                                  const EconomicsInputs& economics);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_SUMMARY_H_
