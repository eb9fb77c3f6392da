// Records for the evaluator's tests.
#ifndef ASSAY_TESTS_EVALUATOR_RECORDS_RECORDS_H_
#define ASSAY_TESTS_EVALUATOR_RECORDS_RECORDS_H_

#include <array>
#include <string>
#include <vector>

#include "evaluator/records/evaluation.h"
#include "evaluator/store/run_store.h"

namespace assay::evaluator {

inline std::vector<Candidate> Candidates(const std::vector<std::string>& models) {
  std::vector<Candidate> candidates;
  for (const std::string& model : models) candidates.push_back({.name = model, .model = model});
  return candidates;
}

inline std::vector<EvaluationPrompt> Prompts(const std::vector<std::array<std::string, 3>>& rows) {
  std::vector<EvaluationPrompt> prompts;
  for (const auto& [id, type, text] : rows) {
    prompts.push_back({.id = id, .content_type = type, .prompt = text});
  }
  return prompts;
}

inline EvaluationPlan SomePlan() {
  EvaluationPlan plan;
  plan.name = "which model writes";
  plan.models = Candidates({"m1", "m2"});
  plan.scorers = {"classic"};
  plan.prompts = Prompts({{"p1", "linkedin", "Write."}, {"p2", "twitter", "Tweet."}});
  return plan;
}

// Returns a plan in which every field differs from its default.
inline EvaluationPlan FullPlan() {
  EvaluationPlan plan = SomePlan();
  plan.hypothesis = "m2 writes better";
  plan.models[1] = {.name = "m2_terse",
                    .model = "m2",
                    .system = "Be brief.",
                    .sampling = Sampling{.temperature = 0.5, .top_p = 0.9, .top_k = 5, .seed = 9}};
  plan.baseline = "m1";
  plan.prompts[0].system = "You write.";
  plan.prompts[0].reference = "Good.";
  plan.prompts[0].cluster = "c1";
  plan.prompts[0].constraints = {.max_characters = 280, .must_include = {"Friday"}};
  plan.tasks = {{.name = "facts", .items = {{"q1", "2 + 2 =", {" 4", " 5"}, 0}}},
                {.name = "text", .kind = TaskKind::kPerplexity, .text = "Once."}};
  plan.scaling = {.concurrency = {1, 4}, .rounds = 2, .residents = true};
  plan.repeats = 3;
  plan.sampling = {.temperature = 0.7, .top_p = 0.8, .top_k = 40, .seed = ~uint64_t{0}};
  plan.max_new_tokens = 77;
  plan.timeout = absl::Milliseconds(1500);
  plan.scorers = {"classic", "brand"};
  plan.alpha = 0.01;
  plan.correction = Correction::kBenjaminiHochberg;
  plan.failures = FailurePolicy::kLeaveOut;
  plan.economics = EconomicsInputs{.power_watts = 12,
                                   .electricity_usd_per_kwh = 0.31,
                                   .api_usd_per_request = 0.002,
                                   .value_usd_per_piece = 3,
                                   .requests_per_day = 44,
                                   .hosted = {.name = "h/m",
                                              .as_of = "2025-11-25",
                                              .usd_per_million_input_tokens = 0.15,
                                              .usd_per_million_output_tokens = 0.6,
                                              .usd_per_request = 0.01},
                                   .hardware_usd = 3999,
                                   .hardware_years = 4,
                                   .busy_hours_per_day = 6,
                                   .human_usd_per_piece = 5,
                                   .human_minutes_per_piece = 30,
                                   .human_usd_per_hour = 45,
                                   .review_minutes_per_piece = 2,
                                   .acceptance_threshold = 7.5,
                                   .leads_per_1000_pieces = 8,
                                   .usd_per_lead = 90,
                                   .idle_power_watts = 9,
                                   .idle_hours_per_day = 23,
                                   .machine_memory_gb = 36};
  plan.stop_early = {.looks = 3, .futility = true};
  plan.order_seed = (uint64_t{1} << 63) + 5;
  return plan;
}

inline Evaluation RunningEvaluation(const std::string& id) {
  Evaluation evaluation;
  evaluation.id = id;
  evaluation.name = "which model writes";
  evaluation.started_at = absl::FromUnixMicros(1'795'409'700'123'456);
  evaluation.scorer_versions = {{"classic", "1"}};
  evaluation.total_samples = 4;
  return evaluation;
}

// Returns a sample in which most fields differ from their defaults and from each other.
inline Sample SomeSample(const std::string& model, const std::string& prompt_id) {
  Sample sample;
  sample.model = model;
  sample.content_type = "linkedin";
  sample.prompt_id = prompt_id;
  sample.repeat = 3;
  sample.seed = (uint64_t{1} << 52) - 1;
  sample.generation = {.text = "Größe \U0001F600 'quoted'",
                       .finish_reason = "length",
                       .prompt_tokens = 11,
                       .cached_tokens = 10,
                       .completion_tokens = 12,
                       .queue_ms = 0.125,
                       .prefill_ms = 1.25,
                       .first_token_ms = 2.5,
                       .per_token_ms = 3.75,
                       .inter_token_p50_ms = 3.5,
                       .inter_token_p90_ms = 4.5,
                       .inter_token_p99_ms = 9.5,
                       .total_ms = 1234.5,
                       .tokens_per_second = 48.75};
  sample.quality_score = 8.4;
  sample.scorer = "classic";
  sample.scorer_version = "1";
  sample.scores = {{.scorer = "classic", .version = "1", .overall = 8.4, .parts = {{"base", 5}}},
                   {.scorer = "brand", .version = "2", .error = "DEADLINE_EXCEEDED: 30 s"}};
  sample.energy = {.joules = 40.5, .source = "rapl"};
  sample.finished_at = absl::FromUnixMicros(1'795'409'750'123'456);
  sample.revision = "sha256:1f0c9a7b3d21";
  sample.memory = {.before_bytes = 5'000'000'001,
                   .after_bytes = 5'000'000'002,
                   .peak_bytes = 6,
                   .device_bytes = 7'000'000'003,
                   .kv_cache_bytes = 8};
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
  summary.quality_score = {2, 4, 8.1, 0.3, 7.6, 8.6, 8.0, 8.5};
  summary.latency_ms = {2, 4, 2031, 12, 2000, 2060, 2030, 2050};
  summary.roi_per_piece = 87.6;
  summary.memory = {1, 2, 3, 4, 5};
  summary.load_seconds = 0.75;
  summary.revision = "sha256:1f0c9a7b3d21";
  summary.resident_bytes = 5'000'000'001;
  summary.scorer = "classic";
  summary.scorer_version = "1";
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

#endif  // ASSAY_TESTS_EVALUATOR_RECORDS_RECORDS_H_
