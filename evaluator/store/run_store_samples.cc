// The part of the run store that handles samples and answers.
#include "absl/strings/str_cat.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "evaluator/records/records_json.h"
#include "evaluator/store/sqlite_run_store.h"

namespace assay::evaluator {

using sqlite::Statement;

namespace {

// Texts from a model may have invalid UTF-8. It is preserved, because SQLite does not validate
// text.
absl::StatusOr<Sample> ReadSample(const Statement& row) {
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
  RETURN_IF_ERROR(ReadSampleDetail(row.Text(column), &sample));
  return sample;
}

}  // namespace

absl::Status SqliteRunStore::AddSample(std::string_view evaluation_id, const Sample& sample) {
  const Generation& generation = sample.generation;
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(CheckSize());
  return Run(
      "INSERT INTO samples (evaluation_id, model, content_type, prompt_id, repeat, error, text,"
      " finish_reason, prompt_tokens, completion_tokens, queue_ms, prefill_ms, first_token_ms,"
      " per_token_ms, total_ms, tokens_per_second, quality_score, scorer, scorer_version,"
      " memory_before_bytes, memory_after_bytes, memory_peak_bytes, cost_usd, detail)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      evaluation_id, sample.model, sample.content_type, sample.prompt_id, sample.repeat,
      sample.error, generation.text, generation.finish_reason, generation.prompt_tokens,
      generation.completion_tokens, generation.queue_ms, generation.prefill_ms,
      generation.first_token_ms, generation.per_token_ms, generation.total_ms,
      generation.tokens_per_second, sample.quality_score, sample.scorer, sample.scorer_version,
      sample.memory.before_bytes, sample.memory.after_bytes, sample.memory.peak_bytes,
      sample.cost_usd, SampleDetailToJson(sample));
}

absl::Status SqliteRunStore::SetScaling(std::string_view evaluation_id,
                                        const std::vector<ScalingPoint>& points) {
  MutexLock lock(mutex_);
  return Run("UPDATE evaluations SET scaling = ? WHERE id = ?", ScalingToJson(points),
             evaluation_id);
}

absl::Status SqliteRunStore::AddAnswer(std::string_view evaluation_id, const TaskAnswer& answer) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(CheckSize());
  return Run(
      "INSERT INTO task_answers (evaluation_id, model, task, item_id, answer)"
      " VALUES (?, ?, ?, ?, ?)",
      evaluation_id, answer.model, answer.task, answer.item_id, TaskAnswerToJson(answer));
}

absl::StatusOr<std::vector<Sample>> SqliteRunStore::Samples(std::string_view id) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(CheckExists(id));
  ASSIGN_OR_RETURN(
      Statement row,
      database_->Prepare(
          "SELECT model, content_type, prompt_id, repeat, error, text, finish_reason,"
          " prompt_tokens, completion_tokens, queue_ms, prefill_ms, first_token_ms, per_token_ms,"
          " total_ms, tokens_per_second, quality_score, scorer, scorer_version,"
          " memory_before_bytes, memory_after_bytes, memory_peak_bytes, cost_usd, detail"
          " FROM samples WHERE evaluation_id = ? ORDER BY id"));
  row.Bind(id);
  std::vector<Sample> samples;
  while (true) {
    ASSIGN_OR_RETURN(bool more, row.Step());
    if (!more) return samples;
    absl::StatusOr<Sample> sample = ReadSample(row);
    if (!sample.ok()) {
      return AnnotateRecord(sample.status(), absl::StrCat("a sample of ", std::string(id)));
    }
    samples.push_back(*std::move(sample));
  }
}

absl::StatusOr<std::vector<SampleId>> SqliteRunStore::SuccessfulSamples(std::string_view id) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(CheckExists(id));
  ASSIGN_OR_RETURN(Statement row,
                   database_->Prepare("SELECT model, prompt_id, repeat FROM samples"
                                      " WHERE evaluation_id = ? AND error = '' ORDER BY id"));
  row.Bind(id);
  std::vector<SampleId> ids;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return ids;
    ids.push_back({.model = row.Text(0),
                   .prompt_id = row.Text(1),
                   .repeat = static_cast<int>(row.Integer(2))});
  }
}

absl::StatusOr<std::vector<TaskAnswer>> SqliteRunStore::Answers(std::string_view id) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(CheckExists(id));
  ASSIGN_OR_RETURN(
      Statement row,
      database_->Prepare("SELECT answer FROM task_answers WHERE evaluation_id = ? ORDER BY id"));
  row.Bind(id);
  std::vector<TaskAnswer> answers;
  while (true) {
    ASSIGN_OR_RETURN(bool more, row.Step());
    if (!more) return answers;
    absl::StatusOr<TaskAnswer> answer = TaskAnswerFromJson(row.Text(0));
    if (!answer.ok()) {
      return AnnotateRecord(answer.status(), absl::StrCat("an answer of ", std::string(id)));
    }
    answers.push_back(*std::move(answer));
  }
}

}  // namespace assay::evaluator
