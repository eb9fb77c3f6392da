// Splits a run into requests that MLflow accepts.
#ifndef ASSAY_SERVER_MLFLOW_BATCH_H_
#define ASSAY_SERVER_MLFLOW_BATCH_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "evaluator/records/tracking.h"

namespace assay::server {

// The limits of mlflow/utils/validation.py. MLflow counts characters; this code counts bytes, which
// is never less.
inline constexpr size_t kMaxBatchMetrics = 1000;
inline constexpr size_t kMaxBatchParams = 100;
inline constexpr size_t kMaxBatchTags = 100;
inline constexpr size_t kMaxBatchEntities = 1000;
// The limit for a request that must be repeatable: MLflow (3.17) accepts a request with more
// metrics of a LoggedModel once and answers 400 when it is sent again.
inline constexpr size_t kMaxBatchModelMetrics = 100;
inline constexpr size_t kMaxBatchBytes = 1'000'000;
inline constexpr size_t kMaxKeyBytes = 250;
inline constexpr size_t kMaxParamValueBytes = 6000;
inline constexpr size_t kMaxTagValueBytes = 8000;
inline constexpr size_t kMaxDatasetNameBytes = 500;
inline constexpr size_t kMaxDatasetDigestBytes = 36;

// Returns `key` in a form that MLflow accepts: a normalized relative path of letters and digits of
// any script and of "_-. :/". Another character becomes '_', and a key longer than kMaxKeyBytes is
// truncated; both end with a digest of the whole key, so that different keys stay different.
std::string FitKey(absl::string_view key);
// Returns at most `limit` bytes of `value`, cut between UTF-8 characters. A truncated value ends
// with " [cut]".
std::string FitValue(absl::string_view value, size_t limit);

// Returns the digest as MLflow accepts it: its first kMaxDatasetDigestBytes, because a SHA-256 is
// longer than MLflow's limit.
std::string FitDigest(const evaluator::TrackedDataset& dataset);

// Returns the bodies for runs/log-batch. Each is within every limit; together they contain the
// whole run. If params or tags repeat a key, the last one is used. With a `model_id` (of a
// LoggedModel) the metrics are also attributed to that model on the run's dataset, except series
// ("sample/", "system/"). Pure function.
std::vector<std::string> MakeLogBatches(absl::string_view run_id, absl::string_view model_id,
                                        const evaluator::TrackedRun& run);

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_BATCH_H_
