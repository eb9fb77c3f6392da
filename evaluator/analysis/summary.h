// From samples to summaries.
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

// A model of the plan, and what became of its loading.
struct PreparedModel {
  std::string name;
  absl::StatusOr<LoadReport> load = absl::UnknownError("not loaded");
};

// The samples of one model and content type (empty = all types), in the order they were taken.
std::vector<const Sample*> SamplesOf(const std::vector<Sample>& samples, std::string_view model,
                                     std::string_view content_type);

// Of one part of a scorer's score.
struct PartMean {
  std::string scorer;
  std::string name;
  double mean = 0;
  int n = 0;
};

// Scorer by scorer, parts by name: over the samples that have the part; of a gate (kGatePrefix)
// over all that the scorer read.
std::vector<PartMean> PartMeans(const std::vector<const Sample*>& samples);

// Of the successful ones among `samples`; values that are not finite are left out.
Estimate EstimateSuccesses(const std::vector<const Sample*>& samples,
                           const SampleClusters& clusters,
                           absl::FunctionRef<double(const Sample&)> value_of);

// Estimates over the successful ones. roi_per_piece is the return at the mean cost (all value
// against all cost), not the mean of the samples' returns. Memory: before the first and after the
// last successful sample, the highest of all else.
Summary Summarize(const PreparedModel& model, std::string_view content_type,
                  const std::vector<const Sample*>& samples, const SampleClusters& clusters,
                  const EconomicsInputs& economics);

// One for each model and content type that has samples, then one for each such model over all.
std::vector<Summary> SummarizeAll(const EvaluationPlan& plan,
                                  const std::vector<PreparedModel>& models,
                                  const std::vector<Sample>& samples,
                                  const EconomicsInputs& economics);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_SUMMARY_H_
