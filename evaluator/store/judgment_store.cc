// The part of the store that holds what judges decide about pairs of samples.
#include "evaluator/store/judgment_store.h"

#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "evaluator/store/store_database.h"

namespace assay::evaluator {

using sqlite::Database;
using sqlite::Statement;

absl::StatusOr<std::unique_ptr<JudgmentStore>> JudgmentStore::Open(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database, OpenStoreDatabase(path));
  return std::unique_ptr<JudgmentStore>(new JudgmentStore(std::move(database)));
}

absl::Status JudgmentStore::Add(std::string_view evaluation_id, const Judgment& judgment) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(int64_t sample, SampleRow(*database_, evaluation_id, judgment.sample));
  ASSIGN_OR_RETURN(int64_t other, SampleRow(*database_, evaluation_id, judgment.other));
  Preference forward = judgment.forward;
  Preference backward = judgment.backward;
  if (sample > other) {
    std::swap(sample, other);
    forward = Swapped(judgment.backward);
    backward = Swapped(judgment.forward);
  }
  ASSIGN_OR_RETURN(
      Statement insert,
      database_->Prepare(
          "INSERT OR REPLACE INTO judgments (evaluation_id, judge, version, sample_id, other_id,"
          " forward, backward, error, warning, cost_usd, cost_known, judged_at)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  return insert
      .Bind(evaluation_id, judgment.judge, judgment.version, sample, other,
            static_cast<int>(forward), static_cast<int>(backward), judgment.error, judgment.warning,
            judgment.cost_usd, static_cast<int>(judgment.cost_known),
            absl::ToUnixMicros(judgment.judged_at))
      .Run();
}

absl::StatusOr<std::vector<Judgment>> JudgmentStore::Judgments(std::string_view evaluation_id) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(
      Statement row,
      database_->Prepare("SELECT j.judge, j.version, s.model, s.prompt_id, s.repeat, o.model,"
                         " o.prompt_id, o.repeat, j.forward, j.backward, j.error, j.warning,"
                         " j.cost_usd, j.cost_known, j.judged_at FROM judgments j"
                         " JOIN samples s ON s.id = j.sample_id"
                         " JOIN samples o ON o.id = j.other_id"
                         " WHERE j.evaluation_id = ? ORDER BY j.sample_id, j.other_id, j.judge"));
  row.Bind(evaluation_id);
  std::vector<Judgment> judgments;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return judgments;
    judgments.push_back({.judge = row.Text(0),
                         .version = row.Text(1),
                         .sample = {.model = row.Text(2),
                                    .prompt_id = row.Text(3),
                                    .repeat = static_cast<int>(row.Integer(4))},
                         .other = {.model = row.Text(5),
                                   .prompt_id = row.Text(6),
                                   .repeat = static_cast<int>(row.Integer(7))},
                         .forward = static_cast<Preference>(row.Integer(8)),
                         .backward = static_cast<Preference>(row.Integer(9)),
                         .error = row.Text(10),
                         .warning = row.Text(11),
                         .cost_usd = row.Real(12),
                         .cost_known = row.Integer(13) != 0,
                         .judged_at = absl::FromUnixMicros(row.Integer(14))});
  }
}

absl::StatusOr<std::optional<JudgeAnswer>> JudgmentStore::FindAnswer(
    std::string_view question_sha256) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(
      Statement row,
      database_->Prepare("SELECT choice, input_tokens, output_tokens, cost_usd, cost_known"
                         " FROM judge_answers WHERE question_sha256 = ?"));
  ASSIGN_OR_RETURN(const bool found, row.Bind(question_sha256).Step());
  if (!found) return std::optional<JudgeAnswer>();
  return std::optional<JudgeAnswer>(JudgeAnswer{.choice = static_cast<Choice>(row.Integer(0)),
                                                .input_tokens = row.Integer(1),
                                                .output_tokens = row.Integer(2),
                                                .cost_usd = row.Real(3),
                                                .cost_known = row.Integer(4) != 0});
}

absl::Status JudgmentStore::AddAnswer(std::string_view question_sha256, const JudgeAnswer& answer,
                                      absl::Time now) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(Statement insert,
                   database_->Prepare("INSERT OR REPLACE INTO judge_answers (question_sha256,"
                                      " choice, input_tokens, output_tokens, cost_usd, cost_known,"
                                      " answered_at) VALUES (?, ?, ?, ?, ?, ?, ?)"));
  return insert
      .Bind(question_sha256, static_cast<int>(answer.choice), answer.input_tokens,
            answer.output_tokens, answer.cost_usd, static_cast<int>(answer.cost_known),
            absl::ToUnixMicros(now))
      .Run();
}

}  // namespace assay::evaluator
