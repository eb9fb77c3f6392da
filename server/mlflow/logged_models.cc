// MLflow LoggedModels: one for each revision of a deployed model.
#include "server/mlflow/logged_models.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "server/mlflow/batch.h"
#include "server/mlflow/search.h"

namespace assay::server {
namespace {

using nlohmann::json;

constexpr char kModelKeyTag[] = "assay.model_key";
// The values of LoggedModelStatus in MLflow's service.proto.
constexpr int kReady = 2;
constexpr char kReadyName[] = "LOGGED_MODEL_READY";

struct LoggedModelInfo {
  std::string id;
  bool ready = false;
};

// Replaces the characters that MLflow forbids in names (validation.py,
// _validate_logged_model_name).
std::string FitModelName(absl::string_view name) {
  std::string fitted = FitValue(name, kMaxKeyBytes);
  std::replace_if(
      fitted.begin(), fitted.end(), [](char c) { return absl::StrContains("/:.%\"'", c); }, '_');
  return fitted.empty() ? "_" : fitted;
}

absl::StatusOr<std::optional<LoggedModelInfo>> Find(MlflowConnection* connection,
                                                    const std::string& experiment_id,
                                                    const std::string& filter) {
  ASSIGN_OR_RETURN(
      const json answer,
      connection->Post(
          "logged-models/search",
          {{"experiment_ids", {experiment_id}},
           {"filter", filter},
           {"max_results", 1},
           {"order_by", {{{"field_name", "creation_timestamp"}, {"ascending", true}}}}}));
  if (!answer.contains("models") || !answer.at("models").is_array() ||
      answer.at("models").empty()) {
    return std::nullopt;
  }
  const json& model = answer.at("models").front();
  LoggedModelInfo found{.id = JsonField(model, "/info/model_id")};
  if (found.id.empty()) return MissingField("models[0].info.model_id", answer);
  const std::string status = JsonField(model, "/info/status");
  found.ready = status == kReadyName || status == absl::StrCat(kReady);
  return found;
}

absl::StatusOr<LoggedModelInfo> Create(MlflowConnection* connection,
                                       const std::string& experiment_id, const std::string& run_id,
                                       const evaluator::TrackedModel& model) {
  std::map<std::string, std::string> unique;
  for (const auto& [key, value] : model.params) {
    unique[FitKey(key)] = FitValue(value, kMaxParamValueBytes);
  }
  json params = json::array();
  for (const auto& [key, value] : unique) params.push_back({{"key", key}, {"value", value}});
  ASSIGN_OR_RETURN(
      const json answer,
      connection->PostOnce("logged-models",
                           {{"experiment_id", experiment_id},
                            {"name", FitModelName(model.name)},
                            {"model_type", "language-model"},
                            {"source_run_id", run_id},
                            {"params", std::move(params)},
                            {"tags", {{{"key", kModelKeyTag}, {"value", model.key}}}}}));
  LoggedModelInfo created{.id = JsonField(answer, "/model/info/model_id")};
  if (created.id.empty()) return MissingField("model.info.model_id", answer);
  return created;
}

}  // namespace

absl::StatusOr<std::string> FindOrCreateLoggedModel(MlflowConnection* connection,
                                                    const std::string& experiment_id,
                                                    const std::string& run_id,
                                                    const evaluator::TrackedModel& model) {
  ASSIGN_OR_RETURN(const std::string filter, TagFilter(kModelKeyTag, model.key));
  ASSIGN_OR_RETURN(const std::optional<LoggedModelInfo> found,
                   Find(connection, experiment_id, filter));
  ASSIGN_OR_RETURN(const LoggedModelInfo info,
                   found.has_value() ? *found : Create(connection, experiment_id, run_id, model));
  if (!info.ready) {
    ASSIGN_OR_RETURN(const json finalized,
                     connection->Patch(absl::StrCat("logged-models/", info.id),
                                       {{"model_id", info.id}, {"status", kReady}}));
  }
  return info.id;
}

}  // namespace assay::server
