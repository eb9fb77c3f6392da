// The part of the run store that handles evaluations.
#include "evaluator/store/run_store.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/annotate.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "evaluator/plan/plan_json.h"
#include "evaluator/records/records_json.h"
#include "evaluator/records/tracking_json.h"
#include "evaluator/store/sqlite_run_store.h"
#include "evaluator/store/store_database.h"

namespace assay::evaluator {

using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

namespace {

// Returns nullopt (NULL) for a time that is not set.
std::optional<int64_t> Micros(absl::Time time) {
  if (time == absl::Time()) return std::nullopt;
  return absl::ToUnixMicros(time);
}

}  // namespace

absl::Status SqliteRunStore::CheckSize() {
  if (options_.max_bytes == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const int64_t bytes, StoredBytesOf(*database_));
  if (bytes < options_.max_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(database_->path(), ": has ", bytes,
                                                   " bytes, and evaluation.max_stored is ",
                                                   options_.max_bytes,
                                                   "; delete evaluations, for example with `assay "
                                                   "evaluations delete --before 30d`, or raise the "
                                                   "limit"));
}

absl::Status SqliteRunStore::Begin(const Evaluation& evaluation, const EvaluationPlan& plan) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(CheckSize());
  return Run(
      "INSERT INTO evaluations (id, name, state, error, started_at, finished_at,"
      " total_samples, plan, summaries, plan_sha256, scorer_versions)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      evaluation.id, evaluation.name, static_cast<int>(evaluation.state), evaluation.error,
      absl::ToUnixMicros(evaluation.started_at), Micros(evaluation.finished_at),
      evaluation.total_samples, PlanToJson(plan), SummariesToJson(evaluation.summaries),
      evaluation.plan_sha256, NamesToJson(evaluation.scorer_versions));
}

absl::Status SqliteRunStore::Record(const Evaluation& evaluation,
                                    const std::vector<TrackedRun>& outbox) {
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_.get()));
  RETURN_IF_ERROR(
      Run("UPDATE evaluations SET state = ?, error = ?, finished_at = ?, summaries = ?,"
          " analysis = ? WHERE id = ? AND state = ?",
          static_cast<int>(evaluation.state), evaluation.error, Micros(evaluation.finished_at),
          SummariesToJson(evaluation.summaries), AnalysisToJson(evaluation.analysis), evaluation.id,
          static_cast<int>(EvaluationState::kRunning)));
  if (database_->Changes() == 0) {
    RETURN_IF_ERROR(CheckExists(evaluation.id));
    return absl::FailedPreconditionError(
        absl::StrCat("evaluation '", evaluation.id, "' has already ended"));
  }
  if (evaluation.state == EvaluationState::kCancelled) {
    RETURN_IF_ERROR(CompactIfEmpty(evaluation.id));
  }
  for (const TrackedRun& run : outbox) {
    const int64_t created_at = absl::ToUnixMicros(evaluation.finished_at);
    RETURN_IF_ERROR(
        Run("INSERT INTO outbox (evaluation_id, client_key, created_at, retry_at, attempts,"
            " last_error, payload) VALUES (?, ?, ?, ?, 0, '', ?)",
            evaluation.id, run.client_key, created_at, created_at, TrackedRunToJson(run)));
  }
  return transaction.Commit();
}

absl::Status SqliteRunStore::CompactIfEmpty(const std::string& id) {
  ASSIGN_OR_RETURN(
      Statement row,
      database_->Prepare("SELECT plan FROM evaluations WHERE id = ?1 AND scaling = '[]'"
                         " AND NOT EXISTS (SELECT 1 FROM samples WHERE evaluation_id = ?1)"
                         " AND NOT EXISTS (SELECT 1 FROM task_answers WHERE evaluation_id = ?1)"));
  ASSIGN_OR_RETURN(const bool is_empty, row.Bind(id).Step());
  if (!is_empty) return absl::OkStatus();
  EvaluationPlan kept;
  // A plan that cannot be read is kept without its models.
  if (absl::StatusOr<EvaluationPlan> plan = PlanFromJson(row.Text(0)); plan.ok()) {
    kept.name = std::move(plan->name);
    kept.scorers = std::move(plan->scorers);
    for (const Candidate& candidate : plan->models) {
      kept.models.push_back({.name = candidate.name, .model = candidate.model});
    }
  }
  RETURN_IF_ERROR(
      Run("UPDATE evaluations SET plan = ?, summaries = '[]', analysis = '{}', empty = 1"
          " WHERE id = ?",
          PlanToJson(kept), id));
  return Run(
      "DELETE FROM evaluations WHERE id IN (SELECT id FROM evaluations WHERE empty = 1"
      " ORDER BY started_at DESC, rowid DESC LIMIT -1 OFFSET ?)",
      kMaxEmptyEvaluations);
}

absl::Status SqliteRunStore::BeginAttempt(std::string_view id) {
  MutexLock lock(mutex_);
  return Run("UPDATE evaluations SET attempting = 1 WHERE id = ?", id);
}

absl::StatusOr<std::vector<Evaluation>> SqliteRunStore::TakeInterrupted() {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_.get()));
  ASSIGN_OR_RETURN(std::vector<Evaluation> running,
                   ReadEvaluations("WHERE state = ? ORDER BY started_at, rowid",
                                   static_cast<int>(EvaluationState::kRunning)));
  std::vector<Evaluation> resumed;
  for (Evaluation& evaluation : running) {
    ASSIGN_OR_RETURN(const bool attempted, EndAttempt(evaluation.id));
    if (!attempted) {
      resumed.push_back(std::move(evaluation));
      continue;
    }
    ASSIGN_OR_RETURN(bool may_resume, CountResume(evaluation));
    if (!may_resume) {
      evaluation.error =
          absl::StrCat("the server stopped ", kMaxStalls + 1, " times in a row after sample ",
                       evaluation.finished_samples, " of ", evaluation.total_samples,
                       "; look for the cause in its log and start a new evaluation without it");
    }
    ++evaluation.resumes;
    resumed.push_back(std::move(evaluation));
  }
  RETURN_IF_ERROR(transaction.Commit());
  return resumed;
}

absl::StatusOr<bool> SqliteRunStore::EndAttempt(std::string_view id) {
  RETURN_IF_ERROR(
      Run("UPDATE evaluations SET attempting = 0 WHERE id = ? AND attempting != 0", id));
  return database_->Changes() > 0;
}

absl::StatusOr<bool> SqliteRunStore::CountResume(const Evaluation& evaluation) {
  const int progress = evaluation.finished_samples + static_cast<int>(evaluation.scaling.size());
  RETURN_IF_ERROR(
      Run("UPDATE evaluations SET resumes = resumes + 1,"
          " stalls = CASE WHEN progress = ? THEN stalls + 1 ELSE 0 END, progress = ? WHERE id = ?",
          progress, progress, evaluation.id));
  ASSIGN_OR_RETURN(Statement row,
                   database_->Prepare("SELECT stalls FROM evaluations WHERE id = ?"));
  RETURN_IF_ERROR(row.Bind(evaluation.id).Step().status());
  return row.Integer(0) < kMaxStalls;
}

absl::Status SqliteRunStore::Suspend(std::string_view id) {
  MutexLock lock(mutex_);
  return Run("UPDATE evaluations SET stalls = 0, progress = -1 WHERE id = ?", id);
}

absl::StatusOr<EvaluationPlan> SqliteRunStore::Plan(std::string_view id) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(Statement row, database_->Prepare("SELECT plan FROM evaluations WHERE id = ?"));
  ASSIGN_OR_RETURN(bool found, row.Bind(id).Step());
  if (!found) return NoSuchEvaluation(id);
  absl::StatusOr<EvaluationPlan> plan = PlanFromJson(row.Text(0));
  if (!plan.ok()) {
    return AnnotateRecord(plan.status(), absl::StrCat("the plan of ", std::string(id)));
  }
  return plan;
}

absl::StatusOr<Evaluation> SqliteRunStore::Get(std::string_view id) {
  MutexLock lock(mutex_);
  if (const auto kept = kept_.find(id); kept != kept_.end()) return kept->second.evaluation;
  ASSIGN_OR_RETURN(std::vector<Evaluation> found, ReadEvaluations("WHERE id = ?", std::string(id)));
  if (found.empty()) return NoSuchEvaluation(id);
  return std::move(found.front());
}

absl::StatusOr<std::vector<Evaluation>> SqliteRunStore::List(int limit) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(
      std::vector<Evaluation> list,
      ReadEvaluations("ORDER BY started_at DESC, rowid DESC LIMIT ?", std::max(limit, 0)));
  for (Evaluation& evaluation : list) {
    const auto kept = kept_.find(evaluation.id);
    if (kept != kept_.end()) evaluation = kept->second.evaluation;
  }
  return list;
}

template <typename Value>
absl::StatusOr<std::vector<Evaluation>> SqliteRunStore::ReadEvaluations(absl::string_view clause,
                                                                        const Value& value) {
  ASSIGN_OR_RETURN(
      Statement row,
      database_->Prepare(absl::StrCat(
          "SELECT id, name, state, error, started_at, finished_at, total_samples, summaries,"
          " (SELECT count(*) FROM samples WHERE evaluation_id = evaluations.id)"
          " + (SELECT count(*) FROM task_answers WHERE evaluation_id = evaluations.id),"
          " analysis, plan_sha256, resumes, scaling, scorer_versions"
          " FROM evaluations ",
          clause)));
  row.Bind(value);
  std::vector<Evaluation> evaluations;
  while (true) {
    ASSIGN_OR_RETURN(bool more, row.Step());
    if (!more) return evaluations;
    ASSIGN_OR_RETURN(Evaluation evaluation, ReadEvaluation(row));
    evaluations.push_back(std::move(evaluation));
  }
}

absl::StatusOr<Evaluation> SqliteRunStore::ReadEvaluation(const Statement& row) {
  int column = 0;
  Evaluation evaluation;
  evaluation.id = row.Text(column++);
  evaluation.name = row.Text(column++);
  evaluation.state = static_cast<EvaluationState>(row.Integer(column++));
  evaluation.error = row.Text(column++);
  evaluation.started_at = absl::FromUnixMicros(row.Integer(column++));
  if (!row.IsNull(column)) evaluation.finished_at = absl::FromUnixMicros(row.Integer(column));
  ++column;
  evaluation.total_samples = static_cast<int>(row.Integer(column++));
  absl::StatusOr<std::vector<Summary>> summaries = SummariesFromJson(row.Text(column++));
  if (!summaries.ok()) return AnnotateRecord(summaries.status(), evaluation.id);
  evaluation.summaries = *std::move(summaries);
  evaluation.finished_samples = static_cast<int>(row.Integer(column++));

  absl::StatusOr<Analysis> analysis = AnalysisFromJson(row.Text(column++));
  if (!analysis.ok()) return AnnotateRecord(analysis.status(), evaluation.id);
  evaluation.analysis = *std::move(analysis);
  evaluation.plan_sha256 = row.Text(column++);
  evaluation.resumes = static_cast<int>(row.Integer(column++));
  absl::StatusOr<std::vector<ScalingPoint>> scaling = ScalingFromJson(row.Text(column++));
  if (!scaling.ok()) return AnnotateRecord(scaling.status(), evaluation.id);
  evaluation.scaling = *std::move(scaling);
  absl::StatusOr<std::map<std::string, std::string>> versions = NamesFromJson(row.Text(column++));
  if (!versions.ok()) return AnnotateRecord(versions.status(), evaluation.id);
  evaluation.scorer_versions = *std::move(versions);
  RETURN_IF_ERROR(ReadTrackingRuns(&evaluation));
  return evaluation;
}

absl::Status SqliteRunStore::ReadTrackingRuns(Evaluation* evaluation) {
  ASSIGN_OR_RETURN(
      Statement run,
      database_->Prepare(
          "SELECT model, run_id, url FROM tracking_runs WHERE evaluation_id = ? ORDER BY model"));
  run.Bind(evaluation->id);
  while (true) {
    ASSIGN_OR_RETURN(bool more, run.Step());
    if (!more) return absl::OkStatus();
    evaluation->runs.push_back({.model = run.Text(0), .run_id = run.Text(1), .url = run.Text(2)});
  }
}

absl::Status SqliteRunStore::CheckExists(std::string_view id) {
  ASSIGN_OR_RETURN(Statement row, database_->Prepare("SELECT 1 FROM evaluations WHERE id = ?"));
  ASSIGN_OR_RETURN(bool found, row.Bind(id).Step());
  return found ? absl::OkStatus() : NoSuchEvaluation(id);
}

absl::Status SqliteRunStore::AnnotateRecord(const absl::Status& status, absl::string_view record) {
  return Annotate(status, absl::StrCat(database_->path(), ": ", record));
}

absl::StatusOr<std::unique_ptr<RunStore>> RunStore::Open(const std::string& path,
                                                         RunStoreOptions options) {
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database, OpenStoreDatabase(path));
  return std::make_unique<SqliteRunStore>(std::move(database), std::move(options));
}

absl::StatusOr<std::unique_ptr<RunStore>> RunStore::OpenStopped(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database, OpenStoppedStore(path));
  return std::make_unique<SqliteRunStore>(std::move(database), RunStoreOptions());
}

absl::StatusOr<int> SqliteRunStore::CountGateCheck(std::string_view subject,
                                                   std::string_view evaluation_id) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(Run("INSERT OR IGNORE INTO gate_checks (subject, evaluation_id) VALUES (?, ?)",
                      subject, evaluation_id));
  ASSIGN_OR_RETURN(Statement row,
                   database_->Prepare("SELECT count(*) FROM gate_checks WHERE subject = ? AND id <="
                                      " (SELECT id FROM gate_checks WHERE subject = ?"
                                      " AND evaluation_id = ?)"));
  row.Bind(subject, subject, evaluation_id);
  ASSIGN_OR_RETURN(bool found, row.Step());
  return found ? static_cast<int>(row.Integer(0)) : 0;
}

}  // namespace assay::evaluator
