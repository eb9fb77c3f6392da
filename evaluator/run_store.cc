// The run store on SQLite.
#include "evaluator/run_store.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "evaluator/records_json.h"
#include "evaluator/schema.h"
#include "evaluator/sqlite.h"

namespace assay::evaluator {
namespace {

using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

constexpr std::string_view kStopped = "the server stopped";

absl::Status CreateFolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) return absl::OkStatus();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(error.value(),
                             absl::StrCat(path, ": cannot create the folder ", folder.string()));
}

// Refuses before anything is written: other applications' databases and schemas from the future
// stay as they are.
absl::StatusOr<int64_t> SchemaVersion(Database& database) {
  absl::StatusOr<int64_t> application = database.QueryInteger("PRAGMA application_id");
  if (!application.ok()) return application.status();
  absl::StatusOr<int64_t> version = database.QueryInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  absl::StatusOr<int64_t> tables = database.QueryInteger("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();
  const bool blank = *application == 0 && *version == 0 && *tables == 0;
  if (!blank && *application != kApplicationId) {
    return absl::DataLossError(absl::StrCat(
        database.path(), ": is a database of another application; choose another path"));
  }
  const auto newest = static_cast<int64_t>(kMigrations.size());
  if (*version < 0 || *version > newest) {
    return absl::DataLossError(absl::StrCat(database.path(), ": has schema version ", *version,
                                            ", this assayd knows up to ", newest,
                                            "; use a newer assayd or another path"));
  }
  return version;
}

absl::Status Migrate(Database& database, int64_t version) {
  for (auto next = static_cast<size_t>(version); next < kMigrations.size(); ++next) {
    absl::StatusOr<Transaction> transaction = Transaction::Begin(&database);
    if (!transaction.ok()) return transaction.status();
    // Pragmas take no parameters.
    const std::string stamp = absl::StrCat("PRAGMA application_id = ", kApplicationId,
                                           "; PRAGMA user_version = ", next + 1, ";");
    if (absl::Status s = database.Execute(kMigrations[next] + stamp); !s.ok()) return s;
    if (absl::Status s = transaction->Commit(); !s.ok()) return s;
  }
  return absl::OkStatus();
}

// Bytes from a model that are no UTF-8 stay as they are: SQLite does not look inside text.
Sample ReadSample(const Statement& row) {
  int column = 0;
  Sample sample;
  sample.model = row.Text(column++);
  sample.content_type = row.Text(column++);
  sample.prompt_id = row.Text(column++);
  sample.repeat = static_cast<int>(row.Integer(column++));
  sample.error = row.Text(column++);
  sample.generation.text = row.Text(column++);
  sample.generation.finish_reason = row.Text(column++);
  sample.generation.prompt_tokens = static_cast<int>(row.Integer(column++));
  sample.generation.completion_tokens = static_cast<int>(row.Integer(column++));
  sample.generation.queue_ms = row.Real(column++);
  sample.generation.prefill_ms = row.Real(column++);
  sample.generation.first_token_ms = row.Real(column++);
  sample.generation.per_token_ms = row.Real(column++);
  sample.generation.total_ms = row.Real(column++);
  sample.generation.tokens_per_second = row.Real(column++);
  if (!row.IsNull(column)) sample.quality_score = row.Real(column);
  ++column;
  sample.scorer = row.Text(column++);
  sample.scorer_version = row.Text(column++);
  sample.memory.before_bytes = row.Integer(column++);
  sample.memory.after_bytes = row.Integer(column++);
  sample.memory.peak_bytes = row.Integer(column++);
  sample.cost_usd = row.Real(column++);
  return sample;
}

class SqliteRunStore final : public RunStore {
 public:
  explicit SqliteRunStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  absl::Status FailInterrupted() {
    absl::MutexLock lock(&mutex_);
    return Run(
        "UPDATE evaluations SET state = ?, error = ?, finished_at = ?"
        " WHERE state = ?",
        static_cast<int>(EvaluationState::kFailed), kStopped, absl::ToUnixMicros(absl::Now()),
        static_cast<int>(EvaluationState::kRunning));
  }

  absl::Status Begin(const Evaluation& evaluation, const EvaluationPlan& plan) override {
    absl::MutexLock lock(&mutex_);
    return Run(
        "INSERT INTO evaluations (id, name, state, error, started_at, finished_at,"
        " total_samples, plan, summaries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        evaluation.id, evaluation.name, static_cast<int>(evaluation.state), evaluation.error,
        absl::ToUnixMicros(evaluation.started_at), Micros(evaluation.finished_at),
        evaluation.total_samples, PlanToJson(plan), SummariesToJson(evaluation.summaries));
  }

  absl::Status AddSample(std::string_view evaluation_id, const Sample& sample) override {
    const Generation& generation = sample.generation;
    absl::MutexLock lock(&mutex_);
    return Run(
        "INSERT INTO samples (evaluation_id, model, content_type, prompt_id, repeat, error, text,"
        " finish_reason, prompt_tokens, completion_tokens, queue_ms, prefill_ms, first_token_ms,"
        " per_token_ms, total_ms, tokens_per_second, quality_score, scorer, scorer_version,"
        " memory_before_bytes, memory_after_bytes, memory_peak_bytes, cost_usd)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        evaluation_id, sample.model, sample.content_type, sample.prompt_id, sample.repeat,
        sample.error, generation.text, generation.finish_reason, generation.prompt_tokens,
        generation.completion_tokens, generation.queue_ms, generation.prefill_ms,
        generation.first_token_ms, generation.per_token_ms, generation.total_ms,
        generation.tokens_per_second, sample.quality_score, sample.scorer, sample.scorer_version,
        sample.memory.before_bytes, sample.memory.after_bytes, sample.memory.peak_bytes,
        sample.cost_usd);
  }

  absl::Status Finish(const Evaluation& evaluation,
                      const std::vector<TrackedRun>& outbox) override {
    absl::MutexLock lock(&mutex_);
    absl::StatusOr<Transaction> transaction = Transaction::Begin(database_.get());
    if (!transaction.ok()) return transaction.status();
    absl::Status updated =
        Run("UPDATE evaluations SET state = ?, error = ?, finished_at = ?, summaries = ?"
            " WHERE id = ?",
            static_cast<int>(evaluation.state), evaluation.error, Micros(evaluation.finished_at),
            SummariesToJson(evaluation.summaries), evaluation.id);
    if (!updated.ok()) return updated;
    if (database_->Changes() == 0) return NoSuchEvaluation(evaluation.id);
    for (const TrackedRun& run : outbox) {
      const int64_t created_at = absl::ToUnixMicros(evaluation.finished_at);
      absl::Status added =
          Run("INSERT INTO outbox (evaluation_id, client_key, created_at, retry_at, attempts,"
              " last_error, payload) VALUES (?, ?, ?, ?, 0, '', ?)",
              evaluation.id, run.client_key, created_at, created_at, TrackedRunToJson(run));
      if (!added.ok()) return added;
    }
    return transaction->Commit();
  }

  absl::StatusOr<Evaluation> Get(std::string_view id) override {
    absl::MutexLock lock(&mutex_);
    absl::StatusOr<std::vector<Evaluation>> found =
        ReadEvaluations("WHERE id = ?", std::string(id));
    if (!found.ok()) return found.status();
    if (found->empty()) return NoSuchEvaluation(id);
    return std::move(found->front());
  }

  absl::StatusOr<std::vector<Evaluation>> List(int limit) override {
    absl::MutexLock lock(&mutex_);
    return ReadEvaluations("ORDER BY started_at DESC, rowid DESC LIMIT ?", std::max(limit, 0));
  }

  absl::StatusOr<std::vector<Sample>> Samples(std::string_view id) override {
    absl::MutexLock lock(&mutex_);
    absl::StatusOr<Statement> row = database_->Prepare(
        "SELECT model, content_type, prompt_id, repeat, error, text, finish_reason,"
        " prompt_tokens, completion_tokens, queue_ms, prefill_ms, first_token_ms, per_token_ms,"
        " total_ms, tokens_per_second, quality_score, scorer, scorer_version,"
        " memory_before_bytes, memory_after_bytes, memory_peak_bytes, cost_usd"
        " FROM samples WHERE evaluation_id = ? ORDER BY id");
    if (!row.ok()) return row.status();
    row->Bind(id);
    std::vector<Sample> samples;
    while (true) {
      absl::StatusOr<bool> more = row->Step();
      if (!more.ok()) return more.status();
      if (!*more) break;
      samples.push_back(ReadSample(*row));
    }
    if (samples.empty()) {
      absl::StatusOr<std::vector<Evaluation>> found =
          ReadEvaluations("WHERE id = ?", std::string(id));
      if (!found.ok()) return found.status();
      if (found->empty()) return NoSuchEvaluation(id);
    }
    return samples;
  }

  absl::StatusOr<std::vector<OutboxEntry>> PendingOutbox(absl::Time now, int limit) override {
    absl::MutexLock lock(&mutex_);
    absl::StatusOr<Statement> row = database_->Prepare(
        "SELECT id, attempts, created_at, payload FROM outbox WHERE retry_at <= ?"
        " ORDER BY id LIMIT ?");
    if (!row.ok()) return row.status();
    row->Bind(absl::ToUnixMicros(now), std::max(limit, 0));
    std::vector<OutboxEntry> entries;
    while (true) {
      absl::StatusOr<bool> more = row->Step();
      if (!more.ok()) return more.status();
      if (!*more) return entries;
      absl::StatusOr<TrackedRun> run = TrackedRunFromJson(row->Text(3));
      if (!run.ok()) return Located(run.status(), absl::StrCat("outbox entry ", row->Integer(0)));
      entries.push_back({.id = row->Integer(0),
                         .attempts = static_cast<int>(row->Integer(1)),
                         .created_at = absl::FromUnixMicros(row->Integer(2)),
                         .run = *std::move(run)});
    }
  }

  absl::Status CompleteOutbox(int64_t id, const TrackingRun& run) override {
    absl::MutexLock lock(&mutex_);
    absl::StatusOr<Transaction> transaction = Transaction::Begin(database_.get());
    if (!transaction.ok()) return transaction.status();
    absl::Status told =
        Run("INSERT INTO tracking_runs (evaluation_id, model, run_id, url)"
            " SELECT evaluation_id, ?, ?, ? FROM outbox WHERE id = ?",
            run.model, run.run_id, run.url, id);
    if (!told.ok()) return told;
    if (database_->Changes() == 0) return NoSuchEntry(id);
    if (absl::Status s = Run("DELETE FROM outbox WHERE id = ?", id); !s.ok()) return s;
    return transaction->Commit();
  }

  absl::Status PostponeOutbox(int64_t id, absl::Time retry_at, std::string_view error) override {
    absl::MutexLock lock(&mutex_);
    absl::Status postponed =
        Run("UPDATE outbox SET attempts = attempts + 1, retry_at = ?, last_error = ? WHERE id = ?",
            absl::ToUnixMicros(retry_at), error, id);
    if (!postponed.ok()) return postponed;
    return database_->Changes() == 0 ? NoSuchEntry(id) : absl::OkStatus();
  }

  absl::StatusOr<int64_t> OutboxDepth() override {
    absl::MutexLock lock(&mutex_);
    return database_->QueryInteger("SELECT count(*) FROM outbox");
  }

 private:
  template <typename... Values>
  absl::Status Run(std::string_view sql, const Values&... values)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    absl::StatusOr<Statement> statement = database_->Prepare(sql);
    if (!statement.ok()) return statement.status();
    return statement->Bind(values...).Run();
  }

  template <typename Value>
  absl::StatusOr<std::vector<Evaluation>> ReadEvaluations(absl::string_view which,
                                                          const Value& value)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    absl::StatusOr<Statement> row = database_->Prepare(absl::StrCat(
        "SELECT id, name, state, error, started_at, finished_at, total_samples, summaries,"
        " (SELECT count(*) FROM samples WHERE evaluation_id = evaluations.id)"
        " FROM evaluations ",
        which));
    if (!row.ok()) return row.status();
    row->Bind(value);
    std::vector<Evaluation> evaluations;
    while (true) {
      absl::StatusOr<bool> more = row->Step();
      if (!more.ok()) return more.status();
      if (!*more) return evaluations;
      absl::StatusOr<Evaluation> evaluation = ReadEvaluation(*row);
      if (!evaluation.ok()) return evaluation.status();
      evaluations.push_back(*std::move(evaluation));
    }
  }

  absl::StatusOr<Evaluation> ReadEvaluation(const Statement& row)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Evaluation evaluation;
    evaluation.id = row.Text(0);
    evaluation.name = row.Text(1);
    evaluation.state = static_cast<EvaluationState>(row.Integer(2));
    evaluation.error = row.Text(3);
    evaluation.started_at = absl::FromUnixMicros(row.Integer(4));
    if (!row.IsNull(5)) evaluation.finished_at = absl::FromUnixMicros(row.Integer(5));
    evaluation.total_samples = static_cast<int>(row.Integer(6));
    absl::StatusOr<std::vector<Summary>> summaries = SummariesFromJson(row.Text(7));
    if (!summaries.ok()) return Located(summaries.status(), evaluation.id);
    evaluation.summaries = *std::move(summaries);
    evaluation.finished_samples = static_cast<int>(row.Integer(8));

    absl::StatusOr<Statement> run = database_->Prepare(
        "SELECT model, run_id, url FROM tracking_runs WHERE evaluation_id = ? ORDER BY model");
    if (!run.ok()) return run.status();
    run->Bind(evaluation.id);
    while (true) {
      absl::StatusOr<bool> more = run->Step();
      if (!more.ok()) return more.status();
      if (!*more) return evaluation;
      evaluation.runs.push_back(
          {.model = run->Text(0), .run_id = run->Text(1), .url = run->Text(2)});
    }
  }

  static std::optional<int64_t> Micros(absl::Time time) {
    if (time == absl::Time()) return std::nullopt;
    return absl::ToUnixMicros(time);
  }

  absl::Status NoSuchEvaluation(std::string_view id) {
    return absl::NotFoundError(absl::StrCat("there is no evaluation '", std::string(id), "'"));
  }

  absl::Status NoSuchEntry(int64_t id) {
    return absl::NotFoundError(absl::StrCat("there is no outbox entry ", id));
  }

  absl::Status Located(const absl::Status& status, absl::string_view where)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return absl::Status(status.code(),
                        absl::StrCat(database_->path(), ": ", where, ": ", status.message()));
  }

  absl::Mutex mutex_;
  const std::unique_ptr<Database> database_ ABSL_PT_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<RunStore>> RunStore::Open(const std::string& path) {
  if (absl::Status s = CreateFolderOf(path); !s.ok()) return s;
  absl::StatusOr<std::unique_ptr<Database>> database = Database::Open(path);
  if (!database.ok()) return database.status();
  absl::StatusOr<int64_t> version = SchemaVersion(**database);
  if (!version.ok()) return version.status();
  // fullfsync: on macOS a plain fsync leaves the data in the drive's cache; elsewhere it does
  // nothing.
  absl::Status settings = (*database)->Execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;"
      "PRAGMA foreign_keys = ON;");
  if (!settings.ok()) return settings;
  if (absl::Status s = Migrate(**database, *version); !s.ok()) return s;
  auto store = std::make_unique<SqliteRunStore>(*std::move(database));
  if (absl::Status s = store->FailInterrupted(); !s.ok()) return s;
  return store;
}

}  // namespace assay::evaluator
