// Records for the run store's tests, every field with a value of its own.
#ifndef ASSAY_TESTS_EVALUATOR_RECORDS_H_
#define ASSAY_TESTS_EVALUATOR_RECORDS_H_

#include <string>

#include "evaluator/evaluation.h"
#include "evaluator/run_store.h"

namespace assay::evaluator {

inline EvaluationPlan SomePlan() {
  EvaluationPlan plan;
  plan.name = "which model writes";
  plan.models = {"m1", "m2"};
  plan.prompts = {{"p1", "linkedin", "Write."}, {"p2", "twitter", "Tweet."}};
  return plan;
}

inline Evaluation RunningEvaluation(const std::string& id) {
  Evaluation evaluation;
  evaluation.id = id;
  evaluation.name = "which model writes";
  evaluation.started_at = absl::FromUnixMicros(1'795'409'700'123'456);
  evaluation.total_samples = 4;
  return evaluation;
}

inline Sample SomeSample(const std::string& model, const std::string& prompt_id) {
  Sample sample;
  sample.model = model;
  sample.content_type = "linkedin";
  sample.prompt_id = prompt_id;
  sample.repeat = 3;
  sample.generation = {.text = "Größe \U0001F600 'quoted'",
                       .finish_reason = "length",
                       .prompt_tokens = 11,
                       .completion_tokens = 12,
                       .queue_ms = 0.125,
                       .prefill_ms = 1.25,
                       .first_token_ms = 2.5,
                       .per_token_ms = 3.75,
                       .total_ms = 1234.5,
                       .tokens_per_second = 48.75};
  sample.quality_score = 8.4;
  sample.scorer = "classic";
  sample.scorer_version = "1";
  sample.memory = {.before_bytes = 5'000'000'001, .after_bytes = 5'000'000'002, .peak_bytes = 6};
  sample.cost_usd = 1.7e-6;
  return sample;
}

inline Summary SomeSummary() {
  Summary summary;
  summary.model = "m1";
  summary.content_type = "linkedin";
  summary.samples = 5;
  summary.failures = 1;
  summary.success_rate = 0.8;
  summary.quality_score = {4, 8.1, 0.3, 7.6, 8.6, 8.0, 8.5};
  summary.latency_ms = {4, 2031, 12, 2000, 2060, 2030, 2050};
  summary.roi_per_piece = 87.6;
  summary.memory = {1, 2, 3};
  summary.load_seconds = 0.75;
  return summary;
}

inline TrackedRun SomeRun(const std::string& evaluation_id, const std::string& model) {
  TrackedRun run;
  run.client_key = evaluation_id + "/" + model;
  run.evaluation_id = evaluation_id;
  run.model = model;
  run.run_name = "business_test_" + model;
  run.started_at = absl::FromUnixMicros(1'795'409'700'123'456);
  run.finished_at = absl::FromUnixMicros(1'795'409'800'123'456);
  run.succeeded = true;
  run.metrics = {{"inference_latency_ms", 2031.25, run.finished_at, 0},
                 {"sample/cost_per_request", 1.7e-6, run.started_at, 7}};
  run.params = {{"device", "cpu"}, {"top_p", "1"}};
  run.tags = {{"mlflow.source.name", "assay"}, {"mlflow.note.content", "Größe \"x\""}};
  return run;
}

}  // namespace assay::evaluator

#endif  // ASSAY_TESTS_EVALUATOR_RECORDS_H_
