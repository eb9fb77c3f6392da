// Conversion of tracked runs to and from JSON.
#include "evaluator/records/tracking_json.h"

#include <cstdint>
#include <utility>

#include "evaluator/records/json_types.h"

namespace assay::evaluator {

// nlohmann's macro finds these functions by argument-dependent lookup, so they must not be in the
// anonymous namespace.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TrackedDataset, name, digest, source, profile)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TrackedModel, name, key, params)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ParentRun, client_key, run_name, started_at)

namespace {

using Json = nlohmann::json;

TrackedRun ReadTrackedRun(const Json& json) {
  TrackedRun run;
  json.at("client_key").get_to(run.client_key);
  json.at("evaluation_id").get_to(run.evaluation_id);
  json.at("model").get_to(run.model);
  json.at("run_name").get_to(run.run_name);
  run.started_at = json.at("started_at_us").get<absl::Time>();
  run.finished_at = json.at("finished_at_us").get<absl::Time>();
  json.at("succeeded").get_to(run.succeeded);
  json.at("params").get_to(run.params);
  json.at("tags").get_to(run.tags);
  run.parent = json.value("parent", run.parent);
  run.dataset = json.value("dataset", run.dataset);
  run.deployed = json.value("deployed", run.deployed);
  run.artifacts = json.value("artifacts", run.artifacts);
  run.amendment = json.value("amendment", run.amendment);
  const Json& metrics = json.at("metrics");
  run.metrics.reserve(metrics.size());
  for (const Json& metric : metrics) {
    run.metrics.push_back({.key = metric.at("key").get<std::string>(),
                           .value = metric.at("value").get<double>(),
                           .time = metric.at("time_us").get<absl::Time>(),
                           .step = metric.at("step").get<int64_t>()});
  }
  return run;
}

}  // namespace

std::string TrackedRunToJson(const TrackedRun& run) {
  Json metrics = Json::array();
  for (const TrackedMetric& metric : run.metrics) {
    metrics.push_back({{"key", metric.key},
                       {"value", metric.value},
                       {"time_us", metric.time},
                       {"step", metric.step}});
  }
  return DumpJson({{"client_key", run.client_key},
                   {"evaluation_id", run.evaluation_id},
                   {"model", run.model},
                   {"run_name", run.run_name},
                   {"started_at_us", run.started_at},
                   {"finished_at_us", run.finished_at},
                   {"succeeded", run.succeeded},
                   {"parent", run.parent},
                   {"metrics", std::move(metrics)},
                   {"params", run.params},
                   {"tags", run.tags},
                   {"dataset", run.dataset},
                   {"deployed", run.deployed},
                   {"artifacts", run.artifacts},
                   {"amendment", run.amendment}});
}

absl::StatusOr<TrackedRun> TrackedRunFromJson(std::string_view text) {
  return ParseJson<TrackedRun>(text, ReadTrackedRun);
}

}  // namespace assay::evaluator
