// Sends one tracked run, JSON on stdin, to a tracking server: mlflow_probe URI EXPERIMENT. Prints
// the run's id and URL as JSON. For tests/integration/mlflow_flush_test.py.
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>

#include "absl/time/time.h"
#include "evaluator/run_store.h"
#include "nlohmann/json.hpp"
#include "server/telemetry/mlflow_client.h"

int main(int argc, char** argv) {
  using nlohmann::json;
  constexpr int kUsageError = 2;
  if (argc != 3) {
    std::fprintf(stderr, "usage: mlflow_probe URI EXPERIMENT < run.json\n");
    return kUsageError;
  }
  const std::string text(std::istreambuf_iterator<char>(std::cin), {});
  const json input = json::parse(text);
  assay::evaluator::TrackedRun run{
      .client_key = input.at("client_key"),
      .evaluation_id = input.at("evaluation_id"),
      .model = input.at("model"),
      .run_name = input.at("run_name"),
      .started_at = absl::FromUnixMillis(input.at("started_ms").get<int64_t>()),
      .finished_at = absl::FromUnixMillis(input.at("finished_ms").get<int64_t>()),
      .succeeded = input.at("succeeded"),
      .params = input.at("params"),
      .tags = input.at("tags")};
  for (const json& metric : input.at("metrics")) {
    run.metrics.push_back({metric.at("key"), metric.at("value"),
                           absl::FromUnixMillis(metric.at("time_ms").get<int64_t>()),
                           metric.at("step")});
  }
  auto client = assay::server::MlflowClient::Create(
      argv[1], assay::server::HttpOptionsFromMlflowEnvironment());
  if (!client.ok()) {
    std::fprintf(stderr, "%s\n", client.status().ToString().c_str());
    return 1;
  }
  const auto uploaded = (*client)->Upload(argv[2], run);
  if (!uploaded.ok()) {
    std::fprintf(stderr, "%s\n", uploaded.status().ToString().c_str());
    return 1;
  }
  std::cout << json{{"run_id", uploaded->run_id}, {"url", uploaded->url}} << "\n";
  return 0;
}
