// The part of the store that remembers answers in use and what people say about them.
#ifndef ASSAY_EVALUATOR_STORE_FEEDBACK_STORE_H_
#define ASSAY_EVALUATOR_STORE_FEEDBACK_STORE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "evaluator/records/feedback.h"
#include "evaluator/records/observed_outcomes.h"
#include "evaluator/records/tracking.h"
#include "evaluator/store/sqlite.h"

namespace assay::evaluator {

// How much is kept.
struct FeedbackRetention {
  absl::Duration keep_answers = absl::Hours(30 * 24);
  int64_t max_answers = 1'000'000;
  absl::Duration keep_feedback = absl::Hours(365 * 24);
};

// Selects feedback. Empty names select all.
struct FeedbackFilter {
  std::string model;
  std::string content_type;
};

// Stores answers and feedback in the file of the RunStore, through connections of its own, so that
// no write of an evaluation waits for it longer than one transaction. Totals(), Arms() and
// Outcomes() use a second connection: they wait for each other, but answers and feedback are
// recorded meanwhile. Methods block on the disk. Thread-safe.
class FeedbackStore {
 public:
  // Errors are those of RunStore::Open().
  static absl::StatusOr<std::unique_ptr<FeedbackStore>> Open(const std::string& path,
                                                             const FeedbackRetention& retention);

  // Records answers and removes the oldest ones beyond the retention, in one transaction. The
  // newest answer of a request id replaces earlier ones. Takes about 15 us per answer and one sync
  // of the disk.
  absl::Status AddAnswers(std::span<const ServedAnswer> answers);

  // Adds the kinds of feedback that `values` has to the newest answer of the request. A different
  // value replaces an earlier one of its kind; the same value changes nothing. A verdict other than
  // kEdited removes the edit distance. Returns NOT_FOUND if no answer of this id is remembered at
  // `now`. One transaction.
  absl::StatusOr<FeedbackResult> Give(const std::string& request_id, const FeedbackValues& values,
                                      absl::Time now);

  // Returns at most `limit` entries, the one with the newest first feedback first.
  absl::StatusOr<std::vector<Feedback>> List(const FeedbackFilter& filter, int limit);

  // Returns the totals per model and content type, in the order of their names. Feedback counts
  // from `from` (its first time) until before `until`. Reads all of it: about two seconds per
  // million answers.
  absl::StatusOr<std::vector<FeedbackTotals>> Totals(const FeedbackFilter& filter,
                                                     absl::Time from = absl::InfinitePast(),
                                                     absl::Time until = absl::InfiniteFuture());

  // Returns the totals of the weighted route of a content type, in the order of the models' names.
  // Takes about four seconds per million answers.
  absl::StatusOr<std::vector<ArmTotals>> Arms(const std::string& content_type);

  // Returns the outcomes of a model's answers of these content types. Feedback on all revisions
  // that is kept counts.
  absl::StatusOr<ObservedOutcomes> Outcomes(const std::string& model,
                                            std::span<const std::string> content_types);

  // Returns the end of the last day whose feedback was queued for the tracking server, or the
  // infinite past if none was.
  absl::StatusOr<absl::Time> ReportedUntil();
  // Queues the runs in the outbox and records `until` as reported, in one transaction.
  absl::Status QueueRuns(std::span<const TrackedRun> runs, absl::Time until);

 private:
  FeedbackStore(std::unique_ptr<sqlite::Database> database,
                std::unique_ptr<sqlite::Database> reader, const FeedbackRetention& retention)
      : retention_(retention), database_(std::move(database)), reader_(std::move(reader)) {}

  absl::Status Prune(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<ServedAnswer> FindAnswer(const std::string& request_id, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Write(const Feedback& feedback) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  template <typename... Values>
  absl::Status Run(std::string_view sql, const Values&... values)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns the feedback that `clause` (WHERE, ORDER BY) with its parameters selects.
  template <typename... Values>
  absl::StatusOr<std::vector<Feedback>> Read(const std::string& clause, const Values&... values)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const FeedbackRetention retention_;
  absl::Mutex mutex_;
  const std::unique_ptr<sqlite::Database> database_ ABSL_PT_GUARDED_BY(mutex_);
  absl::Mutex reader_mutex_;
  const std::unique_ptr<sqlite::Database> reader_ ABSL_PT_GUARDED_BY(reader_mutex_);
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STORE_FEEDBACK_STORE_H_
