// The roles that may call each method.
#include "server/access/method_roles.h"

#include <algorithm>
#include <iterator>

namespace assay::server {
namespace {

struct MethodRoles {
  std::string_view method;
  Roles roles;
};

constexpr Roles kWriters = {Role::kGenerate, Role::kAdmin};
constexpr Roles kEvaluators = {Role::kEvaluate, Role::kAdmin};
constexpr Roles kReaders = {Role::kGenerate, Role::kEvaluate, Role::kAdmin};
constexpr Roles kAdministrators = {Role::kAdmin};

constexpr MethodRoles kMethods[] = {
    {"assay.v1.AccessService/CreateKey", kAdministrators},
    {"assay.v1.AccessService/ListKeys", kAdministrators},
    {"assay.v1.AccessService/RevokeKey", kAdministrators},
    {"assay.v1.EmbeddingService/Embed", kWriters},
    {"assay.v1.EvaluationControlService/DeleteEvaluations", kAdministrators},
    {"assay.v1.EvaluationService/CancelEvaluation", kEvaluators},
    {"assay.v1.EvaluationService/CheckGate", kEvaluators},
    {"assay.v1.EvaluationService/CompareEvaluations", kEvaluators},
    {"assay.v1.EvaluationService/Evaluate", kEvaluators},
    {"assay.v1.EvaluationService/GetEvaluation", kEvaluators},
    {"assay.v1.EvaluationService/GetReport", kEvaluators},
    {"assay.v1.EvaluationService/ListEvaluations", kEvaluators},
    {"assay.v1.FeedbackService/CompareArms", kEvaluators},
    {"assay.v1.FeedbackService/GiveFeedback", kReaders},
    {"assay.v1.FeedbackService/ListFeedback", kEvaluators},
    {"assay.v1.FeedbackService/SummarizeFeedback", kEvaluators},
    {"assay.v1.InferenceService/Generate", kWriters},
    {"assay.v1.InferenceService/GenerateStream", kWriters},
    {"assay.v1.InferenceService/Likelihood", kWriters},
    {"assay.v1.JudgingService/JudgeEvaluation", kEvaluators},
    {"assay.v1.ModelService/ExplainRoute", kReaders},
    {"assay.v1.ModelService/GetModel", kReaders},
    {"assay.v1.ModelService/GetRoutes", kReaders},
    {"assay.v1.ModelService/InspectModel", kReaders},
    {"assay.v1.ModelService/ListModels", kReaders},
    {"assay.v1.ModelService/LoadModel", kAdministrators},
    {"assay.v1.ModelService/PullModel", kAdministrators},
    {"assay.v1.ModelService/ReloadCatalog", kAdministrators},
    {"assay.v1.ModelService/SetRoutes", kAdministrators},
    {"assay.v1.ModelService/UnloadModel", kAdministrators},
    {"assay.v1.PromptLogService/DeletePrompts", kAdministrators},
    {"assay.v1.PromptLogService/ListPrompts", kAdministrators},
    {"assay.v1.RatingService/AddRatings", kEvaluators},
    {"assay.v1.RatingService/ListRatingItems", kEvaluators},
    {"assay.v1.RatingService/ListRatings", kEvaluators},
    {"assay.v1.RatingService/SummarizeRatings", kEvaluators},
    {"assay.v1.ScoringService/Score", kReaders},
    {"assay.v1.TrackingService/FlushTracking", kEvaluators},
    {"assay.v1.TrackingService/GetTrackingStatus", kEvaluators},
};

}  // namespace

Roles RolesOf(std::string_view method) {
  const auto* const found =
      std::find_if(std::begin(kMethods), std::end(kMethods),
                   [method](const MethodRoles& entry) { return entry.method == method; });
  return found == std::end(kMethods) ? kAdministrators : found->roles;
}

}  // namespace assay::server
