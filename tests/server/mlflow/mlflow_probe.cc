// Uploads one tracked run, read as JSON from stdin, to a tracking server and prints the run's id
// and URL as JSON. Usage: mlflow_probe URI EXPERIMENT. For tests/integration/mlflow_flush_test.py.
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "evaluator/records/tracking.h"
#include "nlohmann/json.hpp"
#include "server/mlflow/client.h"
#include "server/mlflow/environment.h"

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
  auto settings = assay::server::ReadMlflowSettings(argv[2]);
  if (!settings.ok()) {
    std::fprintf(stderr, "%s\n", settings.status().ToString().c_str());
    return 1;
  }
  auto client = assay::server::MlflowClient::Create(argv[1], *std::move(settings), nullptr);
  if (!client.ok()) {
    std::fprintf(stderr, "%s\n", client.status().ToString().c_str());
    return 1;
  }
  const auto uploaded = (*client)->Upload(run);
  if (!uploaded.ok()) {
    std::fprintf(stderr, "%s\n", uploaded.status().ToString().c_str());
    return 1;
  }
  std::cout << json{{"run_id", uploaded->run.run_id}, {"url", uploaded->run.url}} << "\n";
  return 0;
}
