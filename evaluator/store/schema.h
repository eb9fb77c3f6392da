// The schema of the run store, one script per version.
#ifndef ASSAY_EVALUATOR_STORE_SCHEMA_H_
#define ASSAY_EVALUATOR_STORE_SCHEMA_H_

#include <array>
#include <cstdint>

namespace assay::evaluator {

// "ASAY" in the header of the file marks it as a run store.
inline constexpr int64_t kApplicationId = 0x41534159;

// Script i migrates a database from user_version i to i + 1. Released scripts are never edited; new
// ones are appended. Times are microseconds since the Unix epoch, UTC. States are the values of
// EvaluationState. The columns plan, summaries, analysis, scaling, scorer_versions, detail, answer
// and payload are JSON.
inline constexpr std::array<const char*, 9> kMigrations = {R"sql(
CREATE TABLE evaluations (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  state INTEGER NOT NULL,
  error TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  total_samples INTEGER NOT NULL,
  plan TEXT NOT NULL,
  summaries TEXT NOT NULL
) STRICT;
CREATE INDEX evaluations_by_start ON evaluations (started_at);

CREATE TABLE samples (
  id INTEGER PRIMARY KEY,
  evaluation_id TEXT NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  model TEXT NOT NULL,
  content_type TEXT NOT NULL,
  prompt_id TEXT NOT NULL,
  repeat INTEGER NOT NULL,
  error TEXT NOT NULL,
  text TEXT NOT NULL,
  finish_reason TEXT NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  queue_ms REAL,
  prefill_ms REAL,
  first_token_ms REAL,
  per_token_ms REAL,
  total_ms REAL,
  tokens_per_second REAL,
  quality_score REAL,
  scorer TEXT NOT NULL,
  scorer_version TEXT NOT NULL,
  memory_before_bytes INTEGER NOT NULL,
  memory_after_bytes INTEGER NOT NULL,
  memory_peak_bytes INTEGER NOT NULL,
  cost_usd REAL,
  UNIQUE (evaluation_id, model, prompt_id, repeat)
) STRICT;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  evaluation_id TEXT NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  client_key TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  retry_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  payload TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_by_retry ON outbox (retry_at, id);

CREATE TABLE tracking_runs (
  evaluation_id TEXT NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  model TEXT NOT NULL,
  run_id TEXT NOT NULL,
  url TEXT NOT NULL,
  PRIMARY KEY (evaluation_id, model)
) STRICT;
)sql",
                                                           R"sql(
ALTER TABLE evaluations ADD COLUMN plan_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE evaluations ADD COLUMN analysis TEXT NOT NULL DEFAULT '{}';
ALTER TABLE evaluations ADD COLUMN scaling TEXT NOT NULL DEFAULT '[]';
ALTER TABLE evaluations ADD COLUMN resumes INTEGER NOT NULL DEFAULT 0;
-- Resumes in a row that added nothing, and how much there was at the last.
ALTER TABLE evaluations ADD COLUMN stalls INTEGER NOT NULL DEFAULT 0;
ALTER TABLE evaluations ADD COLUMN progress INTEGER NOT NULL DEFAULT -1;

ALTER TABLE samples ADD COLUMN detail TEXT NOT NULL DEFAULT '{}';
CREATE TRIGGER samples_are_append_only BEFORE UPDATE ON samples
BEGIN SELECT RAISE(ABORT, 'samples are never changed'); END;

CREATE TABLE task_answers (
  id INTEGER PRIMARY KEY,
  evaluation_id TEXT NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  model TEXT NOT NULL,
  task TEXT NOT NULL,
  item_id TEXT NOT NULL,
  answer TEXT NOT NULL,
  UNIQUE (evaluation_id, model, task, item_id)
) STRICT;
CREATE TRIGGER task_answers_are_append_only BEFORE UPDATE ON task_answers
BEGIN SELECT RAISE(ABORT, 'answers are never changed'); END;
)sql",
                                                           R"sql(
-- Of the plan's scorers, by name; {}: begun by a version that did not say.
ALTER TABLE evaluations ADD COLUMN scorer_versions TEXT NOT NULL DEFAULT '{}';
-- With its evaluation a sample may go: that row is gone before this looks.
CREATE TRIGGER samples_are_kept BEFORE DELETE ON samples
WHEN EXISTS (SELECT 1 FROM evaluations WHERE id = OLD.evaluation_id)
BEGIN SELECT RAISE(ABORT, 'samples are never taken away'); END;
CREATE TRIGGER task_answers_are_kept BEFORE DELETE ON task_answers
WHEN EXISTS (SELECT 1 FROM evaluations WHERE id = OLD.evaluation_id)
BEGIN SELECT RAISE(ABORT, 'answers are never taken away'); END;
)sql",
                                                           R"sql(
-- Answers in use, for a limited time: who answered which request. The newest answer of a request id
-- replaces earlier ones. Ids grow, so the oldest rows have the smallest ones.
CREATE TABLE answers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  request_id TEXT NOT NULL UNIQUE,
  model TEXT NOT NULL,
  revision TEXT NOT NULL,
  content_type TEXT NOT NULL,
  rule TEXT NOT NULL,
  answered_at INTEGER NOT NULL,
  -- Empty if the request had no routing key.
  key_hash TEXT NOT NULL,
  cost_usd REAL
) STRICT;
CREATE INDEX answers_by_time ON answers (answered_at);

-- Feedback on an answer, which is copied because feedback is kept longer than answers. A kind that
-- was not given is NULL. Verdicts are the values of FeedbackVerdict.
CREATE TABLE feedback (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  request_id TEXT NOT NULL,
  model TEXT NOT NULL,
  revision TEXT NOT NULL,
  content_type TEXT NOT NULL,
  rule TEXT NOT NULL,
  answered_at INTEGER NOT NULL,
  key_hash TEXT NOT NULL,
  cost_usd REAL,
  verdict INTEGER,
  edit_distance REAL,
  rating REAL,
  conversion_usd REAL,
  comment TEXT,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  UNIQUE (request_id, answered_at)
) STRICT;
CREATE INDEX feedback_by_time ON feedback (first_at);
CREATE INDEX feedback_by_type ON feedback (content_type, model);

-- Ratings of samples by people: a score, or a preference between two samples (the values of
-- Preference). other_id is 0 for a score; otherwise it is above sample_id.
CREATE TABLE ratings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  evaluation_id TEXT NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  rater TEXT NOT NULL,
  sample_id INTEGER NOT NULL,
  other_id INTEGER NOT NULL,
  score REAL,
  preference INTEGER,
  rated_at INTEGER NOT NULL,
  UNIQUE (evaluation_id, rater, sample_id, other_id)
) STRICT;

-- The outbox also holds runs that belong to no evaluation: the feedback of a day.
CREATE TABLE new_outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  evaluation_id TEXT REFERENCES evaluations (id) ON DELETE CASCADE,
  client_key TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  retry_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  payload TEXT NOT NULL
) STRICT;
INSERT INTO new_outbox SELECT * FROM outbox;
DROP TABLE outbox;
ALTER TABLE new_outbox RENAME TO outbox;
CREATE INDEX outbox_by_retry ON outbox (retry_at, id);
-- The end of the last day whose feedback is in the outbox or was sent, in microseconds.
CREATE TABLE feedback_reported (until INTEGER NOT NULL) STRICT;
)sql",
                                                           R"sql(
-- The evaluations on which a gate was checked, in order of the first check. They outlive the
-- evaluation: an attempt stays an attempt.
CREATE TABLE gate_checks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subject TEXT NOT NULL,
  evaluation_id TEXT NOT NULL,
  UNIQUE (subject, evaluation_id)
) STRICT;
)sql",
                                                           R"sql(
-- Pairs of samples that a judge was asked about. forward and backward are the values of Preference:
-- the sample that is preferred when sample_id, or other_id, was shown first. sample_id is below
-- other_id.
CREATE TABLE judgments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  evaluation_id TEXT NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  judge TEXT NOT NULL,
  version TEXT NOT NULL,
  sample_id INTEGER NOT NULL,
  other_id INTEGER NOT NULL,
  forward INTEGER NOT NULL,
  backward INTEGER NOT NULL,
  error TEXT NOT NULL,
  warning TEXT NOT NULL,
  cost_usd REAL NOT NULL,
  cost_known INTEGER NOT NULL,
  judged_at INTEGER NOT NULL,
  UNIQUE (evaluation_id, judge, sample_id, other_id)
) STRICT;

-- Answers of judges by the SHA-256 of the question, which includes the judge's version. Choices are
-- the values of Choice.
CREATE TABLE judge_answers (
  question_sha256 TEXT PRIMARY KEY NOT NULL,
  choice INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  cost_known INTEGER NOT NULL,
  answered_at INTEGER NOT NULL
) STRICT;
)sql",
                                                           R"sql(
-- Prompts of answered requests, if recording is on, for a limited time. The texts are redacted unless
-- `redacted` is 0. Ids grow, so the oldest rows have the smallest ones.
CREATE TABLE recorded_prompts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  request_id TEXT NOT NULL,
  content_type TEXT NOT NULL,
  model TEXT NOT NULL,
  rule TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  prompt TEXT NOT NULL,
  system TEXT NOT NULL,
  redactions INTEGER NOT NULL,
  redacted INTEGER NOT NULL
) STRICT;
CREATE INDEX recorded_prompts_by_time ON recorded_prompts (recorded_at);
CREATE INDEX recorded_prompts_by_type ON recorded_prompts (content_type, id);
)sql",
                                                           R"sql(
-- 1 from the time at which a server begins to load the models of an evaluation until the next start.
ALTER TABLE evaluations ADD COLUMN attempting INTEGER NOT NULL DEFAULT 0;
)sql",
                                                           R"sql(
-- Evaluations that were deleted, some of whose rows are still there.
CREATE TABLE deletions (evaluation_id TEXT PRIMARY KEY NOT NULL) STRICT;
-- 1 for evaluations that were cancelled before their first sample or answer. Of their plan, the
-- models are kept.
ALTER TABLE evaluations ADD COLUMN empty INTEGER NOT NULL DEFAULT 0;
CREATE INDEX empty_evaluations ON evaluations (started_at) WHERE empty = 1;
CREATE INDEX outbox_by_evaluation ON outbox (evaluation_id);
)sql"};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STORE_SCHEMA_H_
