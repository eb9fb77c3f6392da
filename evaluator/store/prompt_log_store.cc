// The part of the store that keeps prompts of real requests.
#include "evaluator/store/prompt_log_store.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "evaluator/store/store_database.h"

namespace assay::evaluator {

using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

namespace {

// The parameters 1 to 4 are those of BindFilter().
constexpr char kMatches[] =
    " (?1 = '' OR content_type = ?1) AND (?2 = '' OR request_id = ?2)"
    " AND recorded_at >= ?3 AND recorded_at < ?4";

int64_t Micros(absl::Time time) {
  if (time == absl::InfinitePast()) return std::numeric_limits<int64_t>::min();
  if (time == absl::InfiniteFuture()) return std::numeric_limits<int64_t>::max();
  return absl::ToUnixMicros(time);
}

template <typename... Values>
Statement& BindFilter(Statement& statement, const PromptFilter& filter, const Values&... values) {
  return statement.Bind(filter.content_type, filter.request_id, Micros(filter.since),
                        Micros(filter.before), values...);
}

RecordedPrompt ReadPrompt(const Statement& row) {
  int column = 0;
  RecordedPrompt prompt;
  prompt.request_id = row.Text(++column);
  prompt.content_type = row.Text(++column);
  prompt.model = row.Text(++column);
  prompt.rule = row.Text(++column);
  prompt.recorded_at = absl::FromUnixMicros(row.Integer(++column));
  prompt.prompt = row.Text(++column);
  prompt.system = row.Text(++column);
  prompt.redactions = static_cast<int>(row.Integer(++column));
  prompt.redacted = row.Integer(++column) != 0;
  return prompt;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PromptLogStore>> PromptLogStore::Open(
    const std::string& path, const PromptRetention& retention) {
  // Otherwise deleted texts would stay in free pages of the file.
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                   OpenStoreDatabase(path, "PRAGMA secure_delete = ON;"));
  // std::make_unique cannot call the private constructor.
  return std::unique_ptr<PromptLogStore>(new PromptLogStore(std::move(database), retention));
}

absl::Status PromptLogStore::Add(std::span<const RecordedPrompt> prompts) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_.get()));
  ASSIGN_OR_RETURN(
      Statement insert,
      database_->Prepare("INSERT INTO recorded_prompts (request_id, content_type, model, rule,"
                         " recorded_at, prompt, system, redactions, redacted)"
                         " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  for (const RecordedPrompt& prompt : prompts) {
    RETURN_IF_ERROR(insert
                        .Bind(prompt.request_id, prompt.content_type, prompt.model, prompt.rule,
                              absl::ToUnixMicros(prompt.recorded_at), prompt.prompt, prompt.system,
                              prompt.redactions, prompt.redacted ? 1 : 0)
                        .Run());
    insert.Reset();
  }
  RETURN_IF_ERROR(RemoveOld(absl::Now()));
  return transaction.Commit();
}

absl::Status PromptLogStore::RemoveOld(absl::Time now) {
  ASSIGN_OR_RETURN(Statement old,
                   database_->Prepare("DELETE FROM recorded_prompts WHERE recorded_at < ?"));
  RETURN_IF_ERROR(old.Bind(absl::ToUnixMicros(now - retention_.max_age)).Run());
  ASSIGN_OR_RETURN(Statement surplus,
                   database_->Prepare("DELETE FROM recorded_prompts WHERE id <= (SELECT id FROM"
                                      " recorded_prompts ORDER BY id DESC LIMIT 1 OFFSET ?)"));
  return surplus.Bind(retention_.max_prompts).Run();
}

absl::Status PromptLogStore::Prune(absl::Time now) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_.get()));
  RETURN_IF_ERROR(RemoveOld(now));
  return transaction.Commit();
}

absl::StatusOr<PromptPage> PromptLogStore::List(const PromptFilter& filter, int64_t before_row,
                                                int limit, int64_t max_bytes) {
  MutexLock lock(mutex_);
  PromptPage page;
  ASSIGN_OR_RETURN(Statement count, database_->Prepare(absl::StrCat(
                                        "SELECT count(*) FROM recorded_prompts WHERE", kMatches)));
  RETURN_IF_ERROR(BindFilter(count, filter).Step().status());
  page.total = count.Integer(0);
  ASSIGN_OR_RETURN(
      Statement row,
      database_->Prepare(absl::StrCat(
          "SELECT id, request_id, content_type, model, rule, recorded_at, prompt, system,"
          " redactions, redacted FROM recorded_prompts WHERE",
          kMatches, " AND (?5 = 0 OR id < ?5) ORDER BY id DESC")));
  BindFilter(row, filter, before_row);
  int64_t bytes = 0;
  int64_t last = 0;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return page;
    RecordedPrompt prompt = ReadPrompt(row);
    bytes += static_cast<int64_t>(prompt.prompt.size() + prompt.system.size());
    const bool is_full = static_cast<int>(page.prompts.size()) == limit || bytes > max_bytes;
    if (is_full && !page.prompts.empty()) {
      page.next = last;
      return page;
    }
    last = row.Integer(0);
    page.prompts.push_back(std::move(prompt));
  }
}

absl::StatusOr<int64_t> PromptLogStore::Delete(const PromptFilter& filter) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(Statement statement, database_->Prepare(absl::StrCat(
                                            "DELETE FROM recorded_prompts WHERE", kMatches)));
  RETURN_IF_ERROR(BindFilter(statement, filter).Run());
  const int64_t deleted = database_->Changes();
  // The write-ahead log also has the texts until it is written over.
  RETURN_IF_ERROR(database_->Execute("PRAGMA wal_checkpoint(TRUNCATE);"));
  return deleted;
}

}  // namespace assay::evaluator
