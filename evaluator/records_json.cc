// Records as JSON.
#include "evaluator/records_json.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace assay::evaluator {

// nlohmann's macro looks these up by argument-dependent lookup.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MemoryUse, before_bytes, after_bytes, peak_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Estimate, n, mean, standard_deviation, ci_low, ci_high, p50, p90)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Summary, model, content_type, samples, failures, success_rate,
                                   quality_score, latency_ms, first_token_ms, tokens_per_second,
                                   cost_usd, roi_per_piece, memory, load_seconds)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Sampling, temperature, top_p, top_k, seed)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EvaluationPrompt, id, content_type, prompt)

namespace {

using Json = nlohmann::json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::Time TimeOf(const Json& micros) { return absl::FromUnixMicros(micros.get<int64_t>()); }

template <typename Record>
absl::StatusOr<Record> Parse(std::string_view text, Record (*read)(const Json&)) {
  try {
    return read(Json::parse(text));
  } catch (const Json::exception& e) {
    return absl::DataLossError(absl::StrCat("stored JSON: ", e.what()));
  }
}

TrackedRun ReadTrackedRun(const Json& json) {
  TrackedRun run;
  json.at("client_key").get_to(run.client_key);
  json.at("evaluation_id").get_to(run.evaluation_id);
  json.at("model").get_to(run.model);
  json.at("run_name").get_to(run.run_name);
  run.started_at = TimeOf(json.at("started_at_us"));
  run.finished_at = TimeOf(json.at("finished_at_us"));
  json.at("succeeded").get_to(run.succeeded);
  json.at("params").get_to(run.params);
  json.at("tags").get_to(run.tags);
  for (const Json& metric : json.at("metrics")) {
    run.metrics.push_back({.key = metric.at("key").get<std::string>(),
                           .value = metric.at("value").get<double>(),
                           .time = TimeOf(metric.at("time_us")),
                           .step = metric.at("step").get<int64_t>()});
  }
  return run;
}

}  // namespace

std::string PlanToJson(const EvaluationPlan& plan) {
  return Dump({{"name", plan.name},
               {"models", plan.models},
               {"prompts", plan.prompts},
               {"repeats", plan.repeats},
               {"sampling", plan.sampling},
               {"max_new_tokens", plan.max_new_tokens},
               {"timeout_ms", absl::ToInt64Milliseconds(plan.timeout)}});
}

std::string SummariesToJson(const std::vector<Summary>& summaries) { return Dump(Json(summaries)); }

std::string TrackedRunToJson(const TrackedRun& run) {
  Json metrics = Json::array();
  for (const TrackedMetric& metric : run.metrics) {
    metrics.push_back({{"key", metric.key},
                       {"value", metric.value},
                       {"time_us", absl::ToUnixMicros(metric.time)},
                       {"step", metric.step}});
  }
  return Dump({{"client_key", run.client_key},
               {"evaluation_id", run.evaluation_id},
               {"model", run.model},
               {"run_name", run.run_name},
               {"started_at_us", absl::ToUnixMicros(run.started_at)},
               {"finished_at_us", absl::ToUnixMicros(run.finished_at)},
               {"succeeded", run.succeeded},
               {"metrics", std::move(metrics)},
               {"params", run.params},
               {"tags", run.tags}});
}

absl::StatusOr<std::vector<Summary>> SummariesFromJson(std::string_view text) {
  return Parse<std::vector<Summary>>(
      text, [](const Json& json) { return json.get<std::vector<Summary>>(); });
}

absl::StatusOr<TrackedRun> TrackedRunFromJson(std::string_view text) {
  return Parse<TrackedRun>(text, ReadTrackedRun);
}

}  // namespace assay::evaluator
