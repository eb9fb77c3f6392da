// Where evaluations live: a local SQLite file, with the outbox that feeds a tracking server.
#ifndef ASSAY_EVALUATOR_RUN_STORE_H_
#define ASSAY_EVALUATOR_RUN_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "evaluator/evaluation.h"

namespace assay::evaluator {

// One tracking run to be created and filled: everything in one entry, so that a flush is all or
// nothing for the reader.
struct TrackedMetric {
  std::string key;
  double value;
  absl::Time time;
  int64_t step;
};
struct TrackedRun {
  // Unique for ever: the flusher tags the run with it and searches for it before it creates
  // another.
  std::string client_key;
  std::string evaluation_id;
  std::string model;
  // "business_test_<model>".
  std::string run_name;
  absl::Time started_at;
  absl::Time finished_at;
  bool succeeded;
  std::vector<TrackedMetric> metrics;
  std::vector<std::pair<std::string, std::string>> params;
  std::vector<std::pair<std::string, std::string>> tags;
};

struct OutboxEntry {
  int64_t id;
  int attempts;
  absl::Time created_at;
  TrackedRun run;
};

// Thread-safe. Every write is one transaction in WAL mode with full sync: after a crash an
// evaluation is as its last write left it; evaluations that were running are kFailed ("the server
// stopped") when the store is opened again.
class RunStore {
 public:
  // Creates the file (and its folder) if need be, migrates older schemas. PERMISSION_DENIED,
  // DATA_LOSS (not a database, or a newer schema), with the path.
  static absl::StatusOr<std::unique_ptr<RunStore>> Open(const std::string& path);
  virtual ~RunStore() = default;

  virtual absl::Status Begin(const Evaluation& evaluation, const EvaluationPlan& plan) = 0;
  virtual absl::Status AddSample(std::string_view evaluation_id, const Sample& sample) = 0;
  // The final state and summaries, and the outbox entries, in one transaction.
  virtual absl::Status Finish(const Evaluation& evaluation,
                              const std::vector<TrackedRun>& outbox) = 0;

  // NOT_FOUND names the id.
  virtual absl::StatusOr<Evaluation> Get(std::string_view id) = 0;
  virtual absl::StatusOr<std::vector<Sample>> Samples(std::string_view id) = 0;
  // Newest first.
  virtual absl::StatusOr<std::vector<Evaluation>> List(int limit) = 0;

  // Oldest first, those whose retry time has come.
  virtual absl::StatusOr<std::vector<OutboxEntry>> PendingOutbox(absl::Time now, int limit) = 0;
  // The run is on the server: the entry goes, the evaluation learns where it is; one transaction.
  virtual absl::Status CompleteOutbox(int64_t id, const TrackingRun& run) = 0;
  virtual absl::Status PostponeOutbox(int64_t id, absl::Time retry_at, std::string_view error) = 0;
  virtual absl::StatusOr<int64_t> OutboxDepth() = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_STORE_H_
