// The part of the store that remembers answers in use and what people say about them.
#include "evaluator/store/feedback_store.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "evaluator/records/tracking_json.h"
#include "evaluator/store/store_database.h"

namespace assay::evaluator {

using sqlite::Database;
using sqlite::Snapshot;
using sqlite::Statement;
using sqlite::Transaction;

namespace {

constexpr char kInsertAnswer[] =
    "INSERT OR REPLACE INTO answers (request_id, model, revision, content_type, rule, answered_at,"
    " key_hash, cost_usd) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

ServedAnswer ReadAnswer(const Statement& row) {
  return {.request_id = row.Text(0),
          .model = row.Text(1),
          .revision = row.Text(2),
          .content_type = row.Text(3),
          .rule = row.Text(4),
          .answered_at = absl::FromUnixMicros(row.Integer(5)),
          .key_hash = row.Text(6),
          .cost_usd = row.Real(7)};
}

constexpr char kAnswerColumns[] =
    "request_id, model, revision, content_type, rule, answered_at, key_hash, cost_usd";

std::optional<double> OptionalReal(const Statement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Real(column);
}

Feedback ReadFeedback(const Statement& row) {
  int column = 8;
  Feedback feedback{.answer = ReadAnswer(row)};
  if (!row.IsNull(column)) {
    feedback.values.verdict = static_cast<FeedbackVerdict>(row.Integer(column));
  }
  feedback.values.edit_distance = OptionalReal(row, ++column);
  feedback.values.rating = OptionalReal(row, ++column);
  feedback.values.conversion_usd = OptionalReal(row, ++column);
  if (!row.IsNull(++column)) feedback.values.comment = row.Text(column);
  feedback.first_at = absl::FromUnixMicros(row.Integer(++column));
  feedback.last_at = absl::FromUnixMicros(row.Integer(++column));
  return feedback;
}

// Replaces `current` by `given` if it is set.
template <typename T>
FeedbackChange Merge(const std::optional<T>& given, std::optional<T>* current) {
  if (!given.has_value()) return FeedbackChange::kNotGiven;
  if (*current == given) return FeedbackChange::kUnchanged;
  const bool replaces = current->has_value();
  *current = given;
  return replaces ? FeedbackChange::kReplaced : FeedbackChange::kAdded;
}

FeedbackChange MergeVerdict(const FeedbackValues& given, FeedbackValues* current) {
  const FeedbackChange change = Merge(given.verdict, &current->verdict);
  if (change == FeedbackChange::kNotGiven) return change;
  if (current->verdict != FeedbackVerdict::kEdited) {
    current->edit_distance.reset();
    return change;
  }
  const FeedbackChange distance = Merge(given.edit_distance, &current->edit_distance);
  const bool changes = distance == FeedbackChange::kAdded || distance == FeedbackChange::kReplaced;
  return change == FeedbackChange::kUnchanged && changes ? FeedbackChange::kReplaced : change;
}

bool IsChange(FeedbackChange change) {
  return change == FeedbackChange::kAdded || change == FeedbackChange::kReplaced;
}

// The times of the epoch and of the far future stand for the infinite ones.
int64_t BoundMicros(absl::Time time) {
  if (time == absl::InfinitePast()) return 0;
  if (time == absl::InfiniteFuture()) return std::numeric_limits<int64_t>::max();
  return absl::ToUnixMicros(time);
}

UnitSums ReadSums(const Statement& row, int column) {
  return {.n = row.Integer(column), .sum = row.Real(column + 1), .squares = row.Real(column + 2)};
}

// Sums over units of the mean `value` over the rows of `source` that have one.
std::string UnitSumsSql(const std::string& value, const std::string& source) {
  return absl::StrCat(
      "SELECT model, count(u), total(u), total(u * u) FROM (SELECT model, avg(", value,
      ") AS u FROM ", source,
      " GROUP BY model, CASE key_hash WHEN '' THEN 'request ' || request_id ELSE 'key ' || key_hash"
      " END) GROUP BY model");
}

}  // namespace

absl::StatusOr<std::unique_ptr<FeedbackStore>> FeedbackStore::Open(
    const std::string& path, const FeedbackRetention& retention) {
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database, OpenStoreDatabase(path));
  ASSIGN_OR_RETURN(std::unique_ptr<Database> reader,
                   OpenStoreDatabase(path, "PRAGMA query_only = ON;"));
  // std::make_unique cannot call the private constructor.
  return std::unique_ptr<FeedbackStore>(
      new FeedbackStore(std::move(database), std::move(reader), retention));
}

template <typename... Values>
absl::Status FeedbackStore::Run(std::string_view sql, const Values&... values) {
  ASSIGN_OR_RETURN(Statement statement, database_->Prepare(sql));
  return statement.Bind(values...).Run();
}

absl::Status FeedbackStore::AddAnswers(std::span<const ServedAnswer> answers) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_.get()));
  ASSIGN_OR_RETURN(Statement insert, database_->Prepare(kInsertAnswer));
  for (const ServedAnswer& answer : answers) {
    RETURN_IF_ERROR(insert
                        .Bind(answer.request_id, answer.model, answer.revision, answer.content_type,
                              answer.rule, absl::ToUnixMicros(answer.answered_at), answer.key_hash,
                              answer.cost_usd)
                        .Run());
    insert.Reset();
  }
  RETURN_IF_ERROR(Prune(absl::Now()));
  return transaction.Commit();
}

absl::Status FeedbackStore::Prune(absl::Time now) {
  RETURN_IF_ERROR(Run("DELETE FROM answers WHERE answered_at < ?",
                      absl::ToUnixMicros(now - retention_.keep_answers)));
  RETURN_IF_ERROR(Run("DELETE FROM answers WHERE id <= (SELECT max(id) FROM answers) - ?",
                      retention_.max_answers));
  return Run("DELETE FROM feedback WHERE first_at < ?",
             absl::ToUnixMicros(now - retention_.keep_feedback));
}

absl::StatusOr<ServedAnswer> FeedbackStore::FindAnswer(const std::string& request_id,
                                                       absl::Time now) {
  ASSIGN_OR_RETURN(Statement row,
                   database_->Prepare(absl::StrCat("SELECT ", kAnswerColumns,
                                                   " FROM answers WHERE request_id = ?"
                                                   " AND answered_at >= ?")));
  row.Bind(request_id, absl::ToUnixMicros(now - retention_.keep_answers));
  ASSIGN_OR_RETURN(const bool found, row.Step());
  if (found) return ReadAnswer(row);
  return absl::NotFoundError(absl::StrCat(
      "request_id: no answer to request '", request_id, "' is remembered; answers are kept for ",
      absl::FormatDuration(retention_.keep_answers), " and up to ", retention_.max_answers,
      " of them (feedback.keep_requests, feedback.max_requests). Use the request_id of a reply or "
      "its x-request-id"));
}

template <typename... Values>
absl::StatusOr<std::vector<Feedback>> FeedbackStore::Read(const std::string& clause,
                                                          const Values&... values) {
  ASSIGN_OR_RETURN(Statement row,
                   database_->Prepare(absl::StrCat(
                       "SELECT ", kAnswerColumns,
                       ", verdict, edit_distance, rating, conversion_usd, comment, first_at,"
                       " last_at FROM feedback ",
                       clause)));
  row.Bind(values...);
  std::vector<Feedback> all;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return all;
    all.push_back(ReadFeedback(row));
  }
}

absl::Status FeedbackStore::Write(const Feedback& feedback) {
  const ServedAnswer& answer = feedback.answer;
  const FeedbackValues& values = feedback.values;
  std::optional<int> verdict;
  if (values.verdict.has_value()) verdict = static_cast<int>(*values.verdict);
  return Run(
      "INSERT INTO feedback (request_id, model, revision, content_type, rule, answered_at,"
      " key_hash, cost_usd, verdict, edit_distance, rating, conversion_usd, comment, first_at,"
      " last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (request_id, answered_at) DO UPDATE SET verdict = excluded.verdict,"
      " edit_distance = excluded.edit_distance, rating = excluded.rating,"
      " conversion_usd = excluded.conversion_usd, comment = excluded.comment,"
      " last_at = excluded.last_at",
      answer.request_id, answer.model, answer.revision, answer.content_type, answer.rule,
      absl::ToUnixMicros(answer.answered_at), answer.key_hash, answer.cost_usd, verdict,
      values.edit_distance, values.rating, values.conversion_usd, values.comment,
      absl::ToUnixMicros(feedback.first_at), absl::ToUnixMicros(feedback.last_at));
}

absl::StatusOr<FeedbackResult> FeedbackStore::Give(const std::string& request_id,
                                                   const FeedbackValues& values, absl::Time now) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_.get()));
  ASSIGN_OR_RETURN(ServedAnswer answer, FindAnswer(request_id, now));
  ASSIGN_OR_RETURN(std::vector<Feedback> known,
                   Read("WHERE request_id = ? AND answered_at = ?", request_id,
                        absl::ToUnixMicros(answer.answered_at)));
  FeedbackResult result{.feedback = {.answer = std::move(answer), .first_at = now, .last_at = now}};
  if (!known.empty()) result.feedback = std::move(known.front());
  FeedbackValues& merged = result.feedback.values;
  result.verdict = MergeVerdict(values, &merged);
  result.rating = Merge(values.rating, &merged.rating);
  result.conversion = Merge(values.conversion_usd, &merged.conversion_usd);
  result.comment = Merge(values.comment, &merged.comment);
  const bool changes = IsChange(result.verdict) || IsChange(result.rating) ||
                       IsChange(result.conversion) || IsChange(result.comment);
  if (!changes) return result;
  result.feedback.last_at = now;
  RETURN_IF_ERROR(Write(result.feedback));
  RETURN_IF_ERROR(transaction.Commit());
  return result;
}

absl::StatusOr<std::vector<Feedback>> FeedbackStore::List(const FeedbackFilter& filter, int limit) {
  MutexLock lock(mutex_);
  return Read(
      "WHERE (?1 = '' OR model = ?1) AND (?2 = '' OR content_type = ?2)"
      " ORDER BY first_at DESC, id DESC LIMIT ?3",
      filter.model, filter.content_type, std::max(limit, 0));
}

absl::StatusOr<std::vector<FeedbackTotals>> FeedbackStore::Totals(const FeedbackFilter& filter,
                                                                  absl::Time from,
                                                                  absl::Time until) {
  MutexLock lock(reader_mutex_);
  ASSIGN_OR_RETURN(
      Statement row,
      reader_->Prepare(
          "SELECT model, content_type, sum(answers), total(converted), total(accepted),"
          " total(edited), total(rejected), sum(distances), total(distance), sum(ratings),"
          " total(rating), sum(conversions), total(usd), sum(revisions) FROM ("
          "SELECT model, content_type, 0 AS answers, 0 AS converted, total(verdict = 1) AS "
          "accepted,"
          " total(verdict = 2) AS edited, total(verdict = 3) AS rejected,"
          " count(edit_distance) AS distances, total(edit_distance) AS distance,"
          " count(rating) AS ratings, total(rating) AS rating,"
          " count(conversion_usd) AS conversions, total(conversion_usd) AS usd,"
          " count(DISTINCT revision) AS revisions"
          " FROM feedback WHERE first_at >= ?3 AND first_at < ?4 GROUP BY model, content_type"
          " UNION ALL "
          "SELECT a.model, a.content_type, count(*), total(f.conversion_usd > 0),"
          " 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM answers a LEFT JOIN feedback f"
          " ON f.request_id = a.request_id AND f.answered_at = a.answered_at"
          " GROUP BY a.model, a.content_type)"
          " WHERE (?1 = '' OR model = ?1) AND (?2 = '' OR content_type = ?2)"
          " GROUP BY model, content_type ORDER BY model, content_type"));
  row.Bind(filter.model, filter.content_type, BoundMicros(from), BoundMicros(until));
  std::vector<FeedbackTotals> all;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return all;
    int column = 0;
    FeedbackTotals totals;
    totals.model = row.Text(column++);
    totals.content_type = row.Text(column++);
    totals.answers = row.Integer(column++);
    totals.converted_answers = row.Integer(column++);
    totals.accepted = row.Integer(column++);
    totals.edited = row.Integer(column++);
    totals.rejected = row.Integer(column++);
    totals.edit_distances = row.Integer(column++);
    totals.edit_distance_sum = row.Real(column++);
    totals.ratings = row.Integer(column++);
    totals.rating_sum = row.Real(column++);
    totals.conversions = row.Integer(column++);
    totals.conversion_usd = row.Real(column++);
    totals.revisions = row.Integer(column++);
    all.push_back(std::move(totals));
  }
}

absl::StatusOr<std::vector<ArmTotals>> FeedbackStore::Arms(const std::string& content_type) {
  MutexLock lock(reader_mutex_);
  ASSIGN_OR_RETURN(const Snapshot snapshot, Snapshot::Begin(reader_.get()));
  std::vector<ArmTotals> arms;
  ASSIGN_OR_RETURN(Statement count,
                   reader_->Prepare("SELECT model, count(*), count(DISTINCT revision) FROM answers"
                                    " WHERE content_type = ? AND rule = 'weighted'"
                                    " GROUP BY model ORDER BY model"));
  count.Bind(content_type);
  const auto arm_of = [&arms](const std::string& model) -> ArmTotals& {
    const auto found = std::find_if(arms.begin(), arms.end(),
                                    [&](const ArmTotals& arm) { return arm.model == model; });
    return found != arms.end() ? *found : arms.emplace_back(ArmTotals{.model = model});
  };
  while (true) {
    ASSIGN_OR_RETURN(const bool more, count.Step());
    if (!more) break;
    ArmTotals& arm = arm_of(count.Text(0));
    arm.answers = count.Integer(1);
    arm.revisions = count.Integer(2);
  }
  struct Measure {
    std::string sql;
    UnitSums ArmTotals::* sums;
  };
  const std::string said = "feedback WHERE content_type = ? AND rule = 'weighted'";
  const std::string served =
      "(SELECT a.model, a.request_id, a.key_hash, coalesce(f.conversion_usd, 0) AS usd FROM answers"
      " a LEFT JOIN feedback f ON f.request_id = a.request_id AND f.answered_at = a.answered_at"
      " WHERE a.content_type = ? AND a.rule = 'weighted')";
  const std::vector<Measure> measures = {
      {UnitSumsSql("1.0 * (verdict != 3)", said), &ArmTotals::acceptance},
      {UnitSumsSql("rating", said), &ArmTotals::rating},
      {UnitSumsSql("usd", served), &ArmTotals::value}};
  for (const Measure& measure : measures) {
    ASSIGN_OR_RETURN(Statement row, reader_->Prepare(measure.sql));
    row.Bind(content_type);
    while (true) {
      ASSIGN_OR_RETURN(const bool more, row.Step());
      if (!more) break;
      arm_of(row.Text(0)).*measure.sums = ReadSums(row, 1);
    }
  }
  std::sort(arms.begin(), arms.end(),
            [](const ArmTotals& a, const ArmTotals& b) { return a.model < b.model; });
  return arms;
}

absl::StatusOr<ObservedOutcomes> FeedbackStore::Outcomes(
    const std::string& model, std::span<const std::string> content_types) {
  MutexLock lock(reader_mutex_);
  ObservedOutcomes outcomes;
  ASSIGN_OR_RETURN(Statement row,
                   reader_->Prepare("SELECT count(verdict), total(verdict < 3),"
                                    " total(verdict < 3 AND conversion_usd > 0),"
                                    " total(iif(verdict < 3, conversion_usd, 0))"
                                    " FROM feedback WHERE content_type = ? AND model = ?"));
  for (const std::string& type : content_types) {
    RETURN_IF_ERROR(row.Bind(type, model).Step().status());
    outcomes.verdicts += row.Integer(0);
    outcomes.used += row.Integer(1);
    outcomes.conversions += row.Integer(2);
    outcomes.conversion_usd += row.Real(3);
    row.Reset();
  }
  return outcomes;
}

absl::StatusOr<absl::Time> FeedbackStore::ReportedUntil() {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(
      const int64_t micros,
      database_->QueryInteger("SELECT coalesce(max(until), 0) FROM feedback_reported"));
  return micros == 0 ? absl::InfinitePast() : absl::FromUnixMicros(micros);
}

absl::Status FeedbackStore::QueueRuns(std::span<const TrackedRun> runs, absl::Time until) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_.get()));
  const int64_t now = absl::ToUnixMicros(absl::Now());
  for (const TrackedRun& run : runs) {
    RETURN_IF_ERROR(
        Run("INSERT INTO outbox (evaluation_id, client_key, created_at, retry_at, attempts,"
            " last_error, payload) VALUES (NULL, ?, ?, ?, 0, '', ?)",
            run.client_key, now, now, TrackedRunToJson(run)));
  }
  RETURN_IF_ERROR(Run("DELETE FROM feedback_reported"));
  RETURN_IF_ERROR(
      Run("INSERT INTO feedback_reported (until) VALUES (?)", absl::ToUnixMicros(until)));
  return transaction.Commit();
}

}  // namespace assay::evaluator
