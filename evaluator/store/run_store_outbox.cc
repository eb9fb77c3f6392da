// The part of the run store that handles the outbox.
#include "absl/strings/str_cat.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "evaluator/records/tracking_json.h"
#include "evaluator/store/sqlite_run_store.h"

namespace assay::evaluator {

using sqlite::Statement;
using sqlite::Transaction;

namespace {

absl::Status NoSuchEntry(int64_t id) {
  return absl::NotFoundError(absl::StrCat("outbox entry ", id, " does not exist"));
}

}  // namespace

absl::StatusOr<int> SqliteRunStore::QueueAmendments(const std::vector<TrackedRun>& amendments,
                                                    absl::Time now) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_.get()));
  const int64_t micros = absl::ToUnixMicros(now);
  int queued = 0;
  for (const TrackedRun& run : amendments) {
    // A replaced entry gets a new id, so that an upload of the old one does not complete the new.
    RETURN_IF_ERROR(
        Run("INSERT OR REPLACE INTO outbox (evaluation_id, client_key, created_at, retry_at,"
            " attempts, last_error, payload) SELECT ?1, ?2, ?3, ?3, 0, '', ?4"
            " WHERE EXISTS (SELECT 1 FROM outbox WHERE client_key = ?5) OR EXISTS"
            " (SELECT 1 FROM tracking_runs WHERE evaluation_id = ?1 AND model = ?6)",
            run.evaluation_id, absl::StrCat(run.amendment, "/", run.client_key), micros,
            TrackedRunToJson(run), run.client_key, run.model));
    queued += static_cast<int>(database_->Changes());
  }
  RETURN_IF_ERROR(transaction.Commit());
  return queued;
}

absl::StatusOr<std::vector<OutboxEntry>> SqliteRunStore::PendingOutbox(absl::Time now, int limit) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(
      Statement row,
      database_->Prepare("SELECT id, attempts, created_at, payload FROM outbox AS entry"
                         " WHERE retry_at <= ? AND NOT EXISTS (SELECT 1 FROM outbox AS amended"
                         " WHERE amended.client_key = json_extract(entry.payload, '$.client_key')"
                         " AND amended.id < entry.id) ORDER BY id LIMIT ?"));
  row.Bind(absl::ToUnixMicros(now), std::max(limit, 0));
  std::vector<OutboxEntry> entries;
  while (true) {
    ASSIGN_OR_RETURN(bool more, row.Step());
    if (!more) return entries;
    absl::StatusOr<TrackedRun> run = TrackedRunFromJson(row.Text(3));
    if (!run.ok()) {
      return AnnotateRecord(run.status(), absl::StrCat("outbox entry ", row.Integer(0)));
    }
    entries.push_back({.id = row.Integer(0),
                       .attempts = static_cast<int>(row.Integer(1)),
                       .created_at = absl::FromUnixMicros(row.Integer(2)),
                       .run = *std::move(run)});
  }
}

absl::Status SqliteRunStore::CompleteOutbox(int64_t id, const RunLink& run) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_.get()));
  RETURN_IF_ERROR(
      Run("INSERT INTO tracking_runs (evaluation_id, model, run_id, url)"
          " SELECT evaluation_id, ?, ?, ? FROM outbox WHERE id = ? AND evaluation_id IS NOT NULL"
          " AND coalesce(json_extract(payload, '$.amendment'), '') = ''",
          run.model, run.run_id, run.url, id));
  RETURN_IF_ERROR(Run("DELETE FROM outbox WHERE id = ?", id));
  if (database_->Changes() == 0) return NoSuchEntry(id);
  return transaction.Commit();
}

absl::Status SqliteRunStore::PostponeOutbox(int64_t id, absl::Time retry_at,
                                            std::string_view error) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(
      Run("UPDATE outbox SET attempts = attempts + 1, retry_at = ?, last_error = ? WHERE id = ?",
          absl::ToUnixMicros(retry_at), error, id));
  return database_->Changes() == 0 ? NoSuchEntry(id) : absl::OkStatus();
}

absl::Status SqliteRunStore::ExpediteOutbox(absl::Time now) {
  MutexLock lock(mutex_);
  const int64_t micros = absl::ToUnixMicros(now);
  return Run("UPDATE outbox SET retry_at = ? WHERE retry_at > ?", micros, micros);
}

absl::StatusOr<std::vector<WaitingUpload>> SqliteRunStore::WaitingOutbox(int limit) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(Statement row,
                   database_->Prepare("SELECT coalesce(evaluation_id, ''),"
                                      " coalesce(json_extract(payload, '$.run_name'), ''),"
                                      " created_at, attempts, retry_at, last_error FROM outbox"
                                      " ORDER BY id LIMIT ?"));
  row.Bind(std::max(limit, 0));
  std::vector<WaitingUpload> waiting;
  while (true) {
    ASSIGN_OR_RETURN(bool more, row.Step());
    if (!more) return waiting;
    waiting.push_back({.evaluation_id = std::string(row.Text(0)),
                       .run_name = std::string(row.Text(1)),
                       .created_at = absl::FromUnixMicros(row.Integer(2)),
                       .attempts = static_cast<int>(row.Integer(3)),
                       .retry_at = absl::FromUnixMicros(row.Integer(4)),
                       .last_error = std::string(row.Text(5))});
  }
}

absl::StatusOr<absl::Time> SqliteRunStore::NextOutboxAttempt() {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(const int64_t count, database_->QueryInteger("SELECT count(*) FROM outbox"));
  if (count == 0) return absl::InfiniteFuture();
  ASSIGN_OR_RETURN(const int64_t micros,
                   database_->QueryInteger("SELECT min(retry_at) FROM outbox"));
  return absl::FromUnixMicros(micros);
}

absl::StatusOr<int64_t> SqliteRunStore::OutboxDepth() {
  MutexLock lock(mutex_);
  return database_->QueryInteger("SELECT count(*) FROM outbox");
}

absl::StatusOr<absl::Time> SqliteRunStore::OldestOutbox() {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(const int64_t micros,
                   database_->QueryInteger("SELECT coalesce(min(created_at), 0) FROM outbox"));
  return micros == 0 ? absl::InfiniteFuture() : absl::FromUnixMicros(micros);
}

}  // namespace assay::evaluator
