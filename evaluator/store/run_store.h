// Where evaluations live: a local SQLite file, with the outbox that feeds a tracking server.
#ifndef ASSAY_EVALUATOR_STORE_RUN_STORE_H_
#define ASSAY_EVALUATOR_STORE_RUN_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/tracking.h"

namespace assay::evaluator {

struct OutboxEntry {
  int64_t id;
  int attempts;
  absl::Time created_at;
  TrackedRun run;
};

inline constexpr int kMaxStalls = 3;

// Thread-safe. Every write is one transaction in WAL mode with full sync: after a crash an
// evaluation is as its last write left it. Samples and answers are only ever added.
class RunStore {
 public:
  // Creates the file (and its folder) if need be, migrates older schemas. PERMISSION_DENIED,
  // DATA_LOSS (not a database, or a newer schema), with the path.
  static absl::StatusOr<std::unique_ptr<RunStore>> Open(const std::string& path);
  virtual ~RunStore() = default;

  virtual absl::Status Begin(const Evaluation& evaluation, const EvaluationPlan& plan) = 0;
  // ALREADY_EXISTS if that sample (or answer) is there.
  virtual absl::Status AddSample(std::string_view evaluation_id, const Sample& sample) = 0;
  // All that was measured so far.
  virtual absl::Status SetScaling(std::string_view evaluation_id,
                                  const std::vector<ScalingPoint>& points) = 0;
  virtual absl::Status AddAnswer(std::string_view evaluation_id, const TaskAnswer& answer) = 0;
  // The final state and summaries, and the outbox entries, in one transaction. FAILED_PRECONDITION:
  // it has ended already.
  virtual absl::Status Finish(const Evaluation& evaluation,
                              const std::vector<TrackedRun>& outbox) = 0;

  // The evaluations that are still running, oldest first: a server that stopped left them. Each is
  // counted as resumed. One that has not grown over kMaxStalls of these calls has its `error` set
  // and is not to go on: what stops the server may be its next sample.
  virtual absl::StatusOr<std::vector<Evaluation>> TakeInterrupted() = 0;
  // The server stops on its own will and not over this evaluation.
  virtual absl::Status Suspend(std::string_view id) = 0;

  // NOT_FOUND names the id.
  virtual absl::StatusOr<Evaluation> Get(std::string_view id) = 0;
  virtual absl::StatusOr<EvaluationPlan> Plan(std::string_view id) = 0;
  // In the order they were taken.
  virtual absl::StatusOr<std::vector<Sample>> Samples(std::string_view id) = 0;
  virtual absl::StatusOr<std::vector<TaskAnswer>> Answers(std::string_view id) = 0;
  // Newest first.
  virtual absl::StatusOr<std::vector<Evaluation>> List(int limit) = 0;

  // Oldest first, those whose retry time has come.
  virtual absl::StatusOr<std::vector<OutboxEntry>> PendingOutbox(absl::Time now, int limit) = 0;
  // The run is on the server: the entry goes, the evaluation learns where it is; one transaction.
  virtual absl::Status CompleteOutbox(int64_t id, const RunLink& run) = 0;
  virtual absl::Status PostponeOutbox(int64_t id, absl::Time retry_at, std::string_view error) = 0;
  virtual absl::StatusOr<int64_t> OutboxDepth() = 0;
  // When the oldest entry came; the infinite future if there is none.
  virtual absl::StatusOr<absl::Time> OldestOutbox() = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STORE_RUN_STORE_H_
