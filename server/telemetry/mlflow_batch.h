// A run cut into requests that MLflow accepts.
#ifndef ASSAY_SERVER_TELEMETRY_MLFLOW_BATCH_H_
#define ASSAY_SERVER_TELEMETRY_MLFLOW_BATCH_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "evaluator/run_store.h"

namespace assay::server {

// Limits of mlflow/utils/validation.py. Lengths are characters there; counted in bytes here, which
// is never more.
inline constexpr size_t kMaxBatchMetrics = 1000;
inline constexpr size_t kMaxBatchParams = 100;
inline constexpr size_t kMaxBatchTags = 100;
inline constexpr size_t kMaxBatchEntities = 1000;
inline constexpr size_t kMaxBatchBytes = 1'000'000;
inline constexpr size_t kMaxKeyBytes = 250;
inline constexpr size_t kMaxParamValueBytes = 6000;
inline constexpr size_t kMaxTagValueBytes = 8000;

// A key that MLflow accepts: letters, digits and "_-. :/" stay, others become '_'; a normalised
// relative path; at most kMaxKeyBytes, a longer one is cut and ends in a digest of the whole.
std::string FitKey(absl::string_view key);
// At most `limit` bytes, cut between UTF-8 characters; a cut value ends in " [cut]".
std::string FitValue(absl::string_view value, size_t limit);

// Bodies for runs/log-batch, each within every limit, together the whole run. Where a key occurs
// twice among params or tags the last one counts. Pure.
std::vector<std::string> MakeLogBatches(absl::string_view run_id, const evaluator::TrackedRun& run);

}  // namespace assay::server

#endif  // ASSAY_SERVER_TELEMETRY_MLFLOW_BATCH_H_
