// A run cut into requests that MLflow accepts.
#ifndef ASSAY_SERVER_MLFLOW_BATCH_H_
#define ASSAY_SERVER_MLFLOW_BATCH_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "evaluator/records/tracking.h"

namespace assay::server {

// Limits of mlflow/utils/validation.py. Lengths are characters there; counted in bytes here, which
// is never more.
inline constexpr size_t kMaxBatchMetrics = 1000;
inline constexpr size_t kMaxBatchParams = 100;
inline constexpr size_t kMaxBatchTags = 100;
inline constexpr size_t kMaxBatchEntities = 1000;
// Not a limit of a request, but of one that may be sent again: MLflow (3.17) takes a request with
// more metrics of a LoggedModel once, and answers 400 the second time.
inline constexpr size_t kMaxBatchModelMetrics = 100;
inline constexpr size_t kMaxBatchBytes = 1'000'000;
inline constexpr size_t kMaxKeyBytes = 250;
inline constexpr size_t kMaxParamValueBytes = 6000;
inline constexpr size_t kMaxTagValueBytes = 8000;
inline constexpr size_t kMaxDatasetNameBytes = 500;
inline constexpr size_t kMaxDatasetDigestBytes = 36;

// A key that MLflow accepts: letters, digits and "_-. :/" stay, others become '_'; a normalized
// relative path; at most kMaxKeyBytes, a longer one is cut and ends in a digest of the whole.
std::string FitKey(absl::string_view key);
// At most `limit` bytes, cut between UTF-8 characters; a cut value ends in " [cut]".
std::string FitValue(absl::string_view value, size_t limit);

// The digest as MLflow takes it: the beginning, since a SHA-256 is longer than its limit.
std::string FitDigest(const evaluator::TrackedDataset& dataset);

// Bodies for runs/log-batch, each within every limit, together the whole run. Where a key occurs
// twice among params or tags the last one counts. With a `model_id` (of a LoggedModel) the metrics
// are the model's on the run's dataset too, but for series ("sample/", "system/"). Pure.
std::vector<std::string> MakeLogBatches(absl::string_view run_id, absl::string_view model_id,
                                        const evaluator::TrackedRun& run);

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_BATCH_H_
