// The part of the store that deletes evaluations and gives their space back.
#include "evaluator/store/deletion_store.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "evaluator/store/store_database.h"

namespace assay::evaluator {

using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

namespace {

constexpr auto kRunning = static_cast<int>(EvaluationState::kRunning);
// The rows, and the pages, that one step of Purge() removes.
constexpr int kRowsPerStep = 64;
constexpr int kPagesPerStep = 128;
constexpr int kCheckpointWaitMs = 200;
// The tables whose rows may be many. Each has a column evaluation_id.
constexpr const char* kTables[] = {"samples", "task_answers", "ratings", "judgments"};

int64_t Micros(absl::Time time) {
  if (time == absl::InfiniteFuture()) return std::numeric_limits<int64_t>::max();
  return absl::ToUnixMicros(time);
}

}  // namespace

absl::StatusOr<std::unique_ptr<DeletionStore>> DeletionStore::Open(const std::string& path) {
  // Without foreign keys, an evaluation can go before its rows. FAST overwrites deleted texts on
  // pages that stay; the other pages are cut off.
  ASSIGN_OR_RETURN(
      std::unique_ptr<Database> database,
      OpenStoreDatabase(path, "PRAGMA foreign_keys = OFF; PRAGMA secure_delete = FAST;"));
  // std::make_unique cannot call the private constructor.
  return std::unique_ptr<DeletionStore>(new DeletionStore(std::move(database)));
}

template <typename... Values>
absl::Status DeletionStore::Run(std::string_view sql, const Values&... values) {
  ASSIGN_OR_RETURN(Statement statement, database_->Prepare(sql));
  return statement.Bind(values...).Run();
}

template <typename... Values>
absl::StatusOr<std::vector<StoredEvaluation>> DeletionStore::Read(const std::string& clause,
                                                                  const Values&... values) {
  ASSIGN_OR_RETURN(
      Statement row,
      database_->Prepare(absl::StrCat(
          "SELECT id, name, state, finished_at,"
          " (SELECT count(*) FROM samples WHERE evaluation_id = evaluations.id)"
          " + (SELECT count(*) FROM task_answers WHERE evaluation_id = evaluations.id),"
          " (SELECT count(*) FROM outbox WHERE evaluation_id = evaluations.id)"
          " FROM evaluations ",
          clause)));
  row.Bind(values...);
  std::vector<StoredEvaluation> found;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return found;
    found.push_back({.id = row.Text(0),
                     .name = row.Text(1),
                     .state = static_cast<EvaluationState>(row.Integer(2)),
                     .finished_at = absl::FromUnixMicros(row.Integer(3)),
                     .samples = row.Integer(4),
                     .waiting_uploads = row.Integer(5)});
  }
}

absl::StatusOr<std::vector<StoredEvaluation>> DeletionStore::Find(const DeletionFilter& filter) {
  const int state = filter.state.has_value() ? static_cast<int>(*filter.state) : kRunning;
  MutexLock lock(mutex_);
  return Read(
      "WHERE state != ?1 AND (?2 = ?1 OR state = ?2) AND finished_at < ?3"
      " ORDER BY finished_at, rowid",
      kRunning, state, Micros(filter.finished_before));
}

absl::StatusOr<StoredEvaluation> DeletionStore::Get(std::string_view id) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(std::vector<StoredEvaluation> found, Read("WHERE id = ?", id));
  if (found.empty()) return NoSuchEvaluation(id);
  return std::move(found.front());
}

absl::StatusOr<int64_t> DeletionStore::Bytes(std::string_view id) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(
      Statement row,
      database_->Prepare(
          "SELECT (SELECT coalesce(sum(length(CAST(plan AS BLOB)) + length(CAST(summaries AS BLOB))"
          " + length(CAST(analysis AS BLOB)) + length(CAST(scaling AS BLOB))), 0)"
          " FROM evaluations WHERE id = ?1)"
          " + (SELECT coalesce(sum(length(CAST(text AS BLOB)) + length(CAST(detail AS BLOB))"
          " + length(CAST(error AS BLOB)) + 200), 0) FROM samples WHERE evaluation_id = ?1)"
          " + (SELECT coalesce(sum(length(CAST(answer AS BLOB)) + 100), 0) FROM task_answers"
          " WHERE evaluation_id = ?1)"
          " + (SELECT coalesce(sum(length(CAST(payload AS BLOB))), 0) FROM outbox"
          " WHERE evaluation_id = ?1)"));
  RETURN_IF_ERROR(row.Bind(id).Step().status());
  return row.Integer(0);
}

absl::Status DeletionStore::DeleteOne(const std::string& id) {
  RETURN_IF_ERROR(
      Run("INSERT INTO deletions (evaluation_id) SELECT id FROM evaluations WHERE id = ? AND state "
          "!= ?",
          id, kRunning));
  if (database_->Changes() == 0) {
    ASSIGN_OR_RETURN(Statement row, database_->Prepare("SELECT 1 FROM evaluations WHERE id = ?"));
    ASSIGN_OR_RETURN(const bool exists, row.Bind(id).Step());
    if (!exists) return NoSuchEvaluation(id);
    return absl::FailedPreconditionError(
        absl::StrCat("evaluation '", id, "' has not ended; cancel it first"));
  }
  RETURN_IF_ERROR(Run("DELETE FROM evaluations WHERE id = ?", id));
  RETURN_IF_ERROR(Run("DELETE FROM outbox WHERE evaluation_id = ?", id));
  return Run("DELETE FROM tracking_runs WHERE evaluation_id = ?", id);
}

absl::StatusOr<int64_t> DeletionStore::Delete(std::span<const std::string> ids) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_.get()));
  ASSIGN_OR_RETURN(const int64_t before, CountFreeBytes());
  for (const std::string& id : ids) RETURN_IF_ERROR(DeleteOne(id));
  ASSIGN_OR_RETURN(const int64_t after, CountFreeBytes());
  RETURN_IF_ERROR(transaction.Commit());
  return after - before;
}

absl::StatusOr<int64_t> DeletionStore::CountFreeBytes() {
  return database_->QueryInteger(
      "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size");
}

absl::StatusOr<bool> DeletionStore::RemoveRows() {
  ASSIGN_OR_RETURN(Statement next,
                   database_->Prepare("SELECT evaluation_id FROM deletions LIMIT 1"));
  ASSIGN_OR_RETURN(const bool found, next.Step());
  if (!found) return false;
  const std::string id = next.Text(0);
  for (const char* table : kTables) {
    RETURN_IF_ERROR(Run(absl::StrCat("DELETE FROM ", table, " WHERE id IN (SELECT id FROM ", table,
                                     " WHERE evaluation_id = ? LIMIT ?)"),
                        id, kRowsPerStep));
    if (database_->Changes() > 0) return true;
  }
  RETURN_IF_ERROR(Run("DELETE FROM deletions WHERE evaluation_id = ?", id));
  return true;
}

absl::StatusOr<bool> DeletionStore::Purge(int64_t* freed) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(const int64_t free, CountFreeBytes());
  {
    ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_.get()));
    ASSIGN_OR_RETURN(const bool removed, RemoveRows());
    if (removed) {
      ASSIGN_OR_RETURN(const int64_t now_free, CountFreeBytes());
      RETURN_IF_ERROR(transaction.Commit());
      *freed += std::max<int64_t>(now_free - free, 0);
      return true;
    }
  }
  if (free == 0) return false;
  RETURN_IF_ERROR(
      database_->Execute(absl::StrCat("PRAGMA incremental_vacuum(", kPagesPerStep, ")")));
  ASSIGN_OR_RETURN(const int64_t left, CountFreeBytes());
  if (left > 0 && left < free) return true;
  // The file gets shorter when the log is written back to it. Somebody who reads or writes now
  // prevents that; a later write does it then.
  const absl::Status written = database_->Execute(absl::StrCat(
      "PRAGMA busy_timeout = ", kCheckpointWaitMs, "; PRAGMA wal_checkpoint(TRUNCATE)"));
  RETURN_IF_ERROR(
      database_->Execute(absl::StrCat("PRAGMA busy_timeout = ", sqlite::kBusyTimeoutMs)));
  RETURN_IF_ERROR(written);
  return false;
}

absl::StatusOr<int64_t> DeletionStore::StoredBytes() {
  MutexLock lock(mutex_);
  return StoredBytesOf(*database_);
}

absl::StatusOr<int64_t> DeletionStore::FreeBytes() {
  MutexLock lock(mutex_);
  return CountFreeBytes();
}

}  // namespace assay::evaluator
