// An in-memory fake of MLflow's tracking API, sufficient to observe what a client does.
#ifndef ASSAY_TESTS_SERVER_MLFLOW_FAKE_MLFLOW_H_
#define ASSAY_TESTS_SERVER_MLFLOW_FAKE_MLFLOW_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/mutex_lock.h"
#include "evaluator/records/tracking.h"
#include "nlohmann/json.hpp"
#include "tests/base/http/fake_server.h"

namespace assay::server {

class FakeMlflow {
 public:
  // Replaces the fake's answer if it returns one.
  using Fault = std::function<std::optional<http::FakeAnswer>(const http::FakeRequest&)>;

  struct Run {
    std::string client_key;
    std::string name;
    std::string status = "RUNNING";
    int64_t end_time = 0;
    std::vector<nlohmann::json> metrics;
    std::map<std::string, std::string> params;
    std::map<std::string, std::string> tags;
    std::vector<nlohmann::json> inputs;
  };

  FakeMlflow() : server([this](const http::FakeRequest& request) { return Answer(request); }) {}

  void SetFault(Fault fault) {
    const MutexLock lock(mutex_);
    fault_ = std::move(fault);
  }
  std::map<std::string, Run> Runs() {
    const MutexLock lock(mutex_);
    return runs_;
  }
  // Returns the LoggedModels as created, with their latest status.
  std::vector<nlohmann::json> Models() {
    const MutexLock lock(mutex_);
    return models_;
  }
  // Returns the artifacts by their path below the service's root.
  std::map<std::string, std::string> Artifacts() {
    const MutexLock lock(mutex_);
    return artifacts_;
  }
  void SetArtifactRoot(const std::string& root) {
    const MutexLock lock(mutex_);
    artifact_root_ = root;
  }
  // Deletes or restores the experiment and its runs, as MLflow's store does.
  void SetExperimentDeleted(bool deleted) {
    const MutexLock lock(mutex_);
    experiment_deleted_ = deleted;
  }
  void AddRun(const std::string& id, const std::string& client_key) {
    const MutexLock lock(mutex_);
    runs_[id].client_key = client_key;
  }

 private:
  nlohmann::json Info(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return {{"info",
             {{"run_id", id},
              {"status", runs_.at(id).status},
              {"artifact_uri", artifact_root_ + "/7/" + id + "/artifacts"}}}};
  }

  // Returns nullopt if the request is for none of these endpoints.
  std::optional<http::FakeAnswer> AnswerOfModels(const http::FakeRequest& request,
                                                 const nlohmann::json& body)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    using nlohmann::json;
    if (request.path.ends_with("logged-models/search")) {
      json found = json::array();
      for (size_t i = 0; i < models_.size(); ++i) {
        const std::string key = models_[i].at("tags")[0].at("value");
        if (body.at("filter") == "tags.`assay.model_key` = '" + key + "'") {
          found.push_back({{"info", {{"model_id", "m-" + std::to_string(i)}}}});
        }
      }
      return http::FakeAnswer{200, found.empty() ? "{}" : json{{"models", found}}.dump()};
    }
    if (request.path.ends_with("logged-models")) {
      models_.push_back(body);
      const std::string id = "m-" + std::to_string(models_.size() - 1);
      return http::FakeAnswer{200, json{{"model", {{"info", {{"model_id", id}}}}}}.dump()};
    }
    if (request.method == "PATCH") {
      const std::string id = body.at("model_id");
      models_.at(std::stoul(id.substr(2)))["status"] = body.at("status");
      return http::FakeAnswer{};
    }
    return std::nullopt;
  }

  http::FakeAnswer Answer(const http::FakeRequest& request) {
    const MutexLock lock(mutex_);
    if (fault_ != nullptr) {
      if (auto answer = fault_(request); answer.has_value()) return *answer;
    }
    using nlohmann::json;
    if (request.method == "PUT") {
      const std::string root = "/api/2.0/mlflow-artifacts/artifacts/";
      artifacts_[request.path.substr(root.size())] = request.body;
      return {};
    }
    const json body = json::parse(request.body.empty() ? "{}" : request.body);
    if (auto answer = AnswerOfModels(request, body); answer.has_value()) return *answer;
    const auto ends = [&request](const char* end) { return request.path.ends_with(end); };
    if (ends("experiments/get-by-name")) {
      if (!has_experiment_) {
        return {404, R"({"error_code":"RESOURCE_DOES_NOT_EXIST","message":"no experiment"})"};
      }
      const std::string stage = experiment_deleted_ ? "deleted" : "active";
      const json experiment = {{"experiment_id", "7"}, {"lifecycle_stage", stage}};
      return {200, json{{"experiment", experiment}}.dump()};
    }
    if (ends("experiments/create")) {
      has_experiment_ = true;
      return {200, R"({"experiment_id":"7"})"};
    }
    if (ends("runs/search") && experiment_deleted_) return {200, "{}"};
    if (experiment_deleted_) {
      return {400, R"({"error_code":"INVALID_PARAMETER_VALUE","message":"must be in 'active'"})"};
    }
    if (ends("runs/search")) {
      json runs = json::array();
      for (const auto& [id, run] : runs_) {
        const std::string filter = body.at("filter");
        const auto parent = run.tags.find("mlflow.parentRunId");
        if (filter == "tags.`assay.client_key` = '" + run.client_key + "'" ||
            (parent != run.tags.end() &&
             filter == "tags.`mlflow.parentRunId` = '" + parent->second + "'")) {
          runs.push_back(Info(id));
        }
      }
      return {200, runs.empty() ? "{}" : json{{"runs", runs}}.dump()};
    }
    if (ends("runs/create")) {
      const std::string id = "run" + std::to_string(runs_.size());
      Run& run = runs_[id];
      run.name = body.at("run_name");
      for (const json& tag : body.at("tags")) run.tags[tag.at("key")] = tag.at("value");
      run.client_key = run.tags.at("assay.client_key");
      return {200, json{{"run", Info(id)}}.dump()};
    }
    if (ends("runs/delete")) {
      runs_.erase(body.at("run_id"));
      return {};
    }
    Run& run = runs_.at(body.at("run_id"));
    if (ends("runs/log-batch")) {
      for (const json& metric : body.at("metrics")) run.metrics.push_back(metric);
      for (const json& param : body.at("params")) run.params[param.at("key")] = param.at("value");
      for (const json& tag : body.at("tags")) run.tags[tag.at("key")] = tag.at("value");
      return {};
    }
    if (ends("runs/log-inputs")) {
      run.inputs.push_back(body);
      return {};
    }
    if (ends("runs/set-tag")) {
      run.tags[body.at("key")] = body.at("value");
      return {};
    }
    run.status = body.at("status");
    run.end_time = body.at("end_time");
    return {};
  }

  absl::Mutex mutex_;
  Fault fault_ ABSL_GUARDED_BY(mutex_);
  bool has_experiment_ ABSL_GUARDED_BY(mutex_) = false;
  bool experiment_deleted_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, Run> runs_ ABSL_GUARDED_BY(mutex_);
  std::vector<nlohmann::json> models_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> artifacts_ ABSL_GUARDED_BY(mutex_);
  std::string artifact_root_ ABSL_GUARDED_BY(mutex_) = "mlflow-artifacts:";

 public:
  // Declared last, because its thread uses the members above.
  http::FakeServer server;
};

// Returns a fault that answers every request whose path ends with `path_end`.
inline FakeMlflow::Fault FaultAt(const std::string& path_end, const http::FakeAnswer& answer) {
  return [path_end, answer](const http::FakeRequest& request) -> std::optional<http::FakeAnswer> {
    if (!request.path.ends_with(path_end)) return std::nullopt;
    return answer;
  };
}

inline evaluator::TrackedRun MakeRun(const std::string& client_key, int metrics = 3) {
  evaluator::TrackedRun run{.client_key = client_key,
                            .evaluation_id = "e1",
                            .model = "smollm2",
                            .run_name = "business_test_smollm2",
                            .started_at = absl::FromUnixSeconds(1000),
                            .finished_at = absl::FromUnixSeconds(1060),
                            .succeeded = true};
  for (int i = 0; i < metrics; ++i) {
    run.metrics.push_back({"latency_ms", i * 1.5, absl::FromUnixSeconds(1000 + i), i});
  }
  run.params = {{"device", "cpu"}};
  run.tags = {{"stage", "test"}};
  return run;
}

}  // namespace assay::server

#endif  // ASSAY_TESTS_SERVER_MLFLOW_FAKE_MLFLOW_H_
