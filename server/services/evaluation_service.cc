// assay.v1.EvaluationService over the evaluator's Runner and RunStore.
#include "server/services/evaluation_service.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "engine/runtime/sampling.h"
#include "evaluator/prompt_set.h"
#include "server/grpc_status.h"
#include "server/services/evaluation_proto.h"

namespace assay::server {
namespace {

using assay::v1::EvaluateRequest;
using assay::v1::EvaluateResponse;

constexpr int kDefaultListLimit = 50;
constexpr int kMaxListLimit = 1000;
constexpr int kMaxRepeats = 1000;
constexpr int kMaxPrompts = 10000;
// How often a stream without events looks whether its client is still there.
constexpr absl::Duration kFeedPoll = absl::Milliseconds(100);

absl::Status OutOfRange(const char* field, int value, int max) {
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", value, " is out of range; give 0 to ", max));
}

absl::StatusOr<evaluator::Sampling> ReadSampling(const assay::v1::SamplingParams& params) {
  engine::SamplingParams checked;
  if (params.has_temperature()) checked.temperature = params.temperature();
  if (params.has_top_p()) checked.top_p = params.top_p();
  if (params.has_top_k()) checked.top_k = params.top_k();
  checked.seed = params.seed();
  if (absl::Status s = engine::ValidateSampling(checked); !s.ok()) return s;
  return evaluator::Sampling{.temperature = checked.temperature,
                             .top_p = checked.top_p,
                             .top_k = checked.top_k,
                             .seed = checked.seed};
}

absl::StatusOr<std::vector<evaluator::EvaluationPrompt>> ReadPrompts(
    const EvaluateRequest& request) {
  std::vector<evaluator::EvaluationPrompt> own;
  for (const assay::v1::EvaluationPrompt& prompt : request.prompts()) {
    own.push_back(
        {.id = prompt.id(), .content_type = prompt.content_type(), .prompt = prompt.prompt()});
  }
  const std::vector<std::string> types(request.content_types().begin(),
                                       request.content_types().end());
  return evaluator::SelectPrompts(own.empty() ? evaluator::BuiltInPrompts() : own, types,
                                  request.prompts_per_type());
}

EvaluateResponse ToEvent(const evaluator::EvaluationEvent& event) {
  EvaluateResponse response;
  if (const auto* progress = std::get_if<evaluator::Progress>(&event)) {
    ToProto(*progress, response.mutable_progress());
  } else if (const auto* sample = std::get_if<evaluator::Sample>(&event)) {
    ToProto(*sample, response.mutable_sample());
  } else {
    ToProto(std::get<evaluator::Evaluation>(event), response.mutable_summary());
  }
  return response;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> EvaluationServiceImpl::ChooseModels(
    const EvaluateRequest& request) const {
  std::vector<std::string> models(request.models().begin(), request.models().end());
  for (const std::string& model : models) {
    if (absl::StatusOr<registry::ModelStatus> known = manager_->Get(model); !known.ok()) {
      return known.status();
    }
  }
  if (!models.empty()) return models;
  for (const registry::ModelStatus& status : manager_->List()) {
    if (status.state == registry::ModelState::kReady) models.push_back(status.entry.id);
  }
  if (!models.empty()) return models;
  const std::string& default_model = manager_->catalog().default_model;
  if (default_model.empty()) {
    return absl::InvalidArgumentError(
        "models: is empty, no model is resident and the catalog has no default_model; name one");
  }
  return std::vector<std::string>{default_model};
}

absl::StatusOr<evaluator::EvaluationPlan> EvaluationServiceImpl::ToPlan(
    const EvaluateRequest& request) const {
  if (request.repeats() < 0 || request.repeats() > kMaxRepeats) {
    return OutOfRange("repeats", request.repeats(), kMaxRepeats);
  }
  if (request.max_new_tokens() < 0 || request.max_new_tokens() > limits_.max_new_tokens) {
    return OutOfRange("max_new_tokens", request.max_new_tokens(), limits_.max_new_tokens);
  }
  if (request.prompts_per_type() < 0 || request.prompts_per_type() > kMaxPrompts) {
    return OutOfRange("prompts_per_type", request.prompts_per_type(), kMaxPrompts);
  }
  if (request.prompts_size() > kMaxPrompts) {
    return OutOfRange("prompts", request.prompts_size(), kMaxPrompts);
  }
  absl::StatusOr<evaluator::Sampling> sampling = ReadSampling(request.sampling());
  if (!sampling.ok()) return sampling.status();
  absl::StatusOr<std::vector<std::string>> models = ChooseModels(request);
  if (!models.ok()) return models.status();
  absl::StatusOr<std::vector<evaluator::EvaluationPrompt>> prompts = ReadPrompts(request);
  if (!prompts.ok()) return prompts.status();

  evaluator::EvaluationPlan plan;
  plan.name = request.name();
  plan.models = *std::move(models);
  plan.prompts = *std::move(prompts);
  plan.repeats = request.repeats() == 0 ? 1 : request.repeats();
  plan.sampling = *sampling;
  plan.max_new_tokens =
      request.max_new_tokens() == 0 ? settings_.max_new_tokens : request.max_new_tokens();
  plan.timeout = limits_.inference_timeout;
  return plan;
}

grpc::Status EvaluationServiceImpl::Evaluate(grpc::ServerContext* context,
                                             const EvaluateRequest* request,
                                             grpc::ServerWriter<EvaluateResponse>* writer) {
  absl::StatusOr<evaluator::EvaluationPlan> plan = ToPlan(*request);
  if (!plan.ok()) return ToGrpcStatus(plan.status());
  absl::StatusOr<evaluator::Runner::Started> started = runner_->Start(*std::move(plan));
  if (!started.ok()) return ToGrpcStatus(started.status());

  EvaluateResponse first;
  ToProto(started->evaluation, first.mutable_started());
  writer->Write(first);
  while (!context->IsCancelled()) {
    std::optional<evaluator::EvaluationEvent> event = started->feed->Next(kFeedPoll);
    if (!event.has_value()) continue;
    if (!writer->Write(ToEvent(*event))) break;
    if (std::holds_alternative<evaluator::Evaluation>(*event)) return grpc::Status::OK;
  }
  return {grpc::StatusCode::CANCELLED,
          absl::StrCat("the client left; the evaluation goes on as ", started->evaluation.id)};
}

grpc::Status EvaluationServiceImpl::GetEvaluation(grpc::ServerContext* /*context*/,
                                                  const assay::v1::GetEvaluationRequest* request,
                                                  assay::v1::Evaluation* response) {
  absl::StatusOr<evaluator::Evaluation> evaluation = store_->Get(request->id());
  if (!evaluation.ok()) return ToGrpcStatus(evaluation.status());
  ToProto(*evaluation, response);
  if (!request->include_samples()) return grpc::Status::OK;
  absl::StatusOr<std::vector<evaluator::Sample>> samples = store_->Samples(request->id());
  if (!samples.ok()) return ToGrpcStatus(samples.status());
  for (const evaluator::Sample& sample : *samples) ToProto(sample, response->add_samples());
  return grpc::Status::OK;
}

grpc::Status EvaluationServiceImpl::ListEvaluations(
    grpc::ServerContext* /*context*/, const assay::v1::ListEvaluationsRequest* request,
    assay::v1::ListEvaluationsResponse* response) {
  if (request->limit() < 0 || request->limit() > kMaxListLimit) {
    return ToGrpcStatus(OutOfRange("limit", request->limit(), kMaxListLimit));
  }
  absl::StatusOr<std::vector<evaluator::Evaluation>> list =
      store_->List(request->limit() == 0 ? kDefaultListLimit : request->limit());
  if (!list.ok()) return ToGrpcStatus(list.status());
  for (const evaluator::Evaluation& evaluation : *list) {
    ToProto(evaluation, response->add_evaluations());
  }
  return grpc::Status::OK;
}

grpc::Status EvaluationServiceImpl::CancelEvaluation(
    grpc::ServerContext* /*context*/, const assay::v1::CancelEvaluationRequest* request,
    assay::v1::Evaluation* response) {
  if (absl::Status status = runner_->Cancel(request->id()); !status.ok()) {
    return ToGrpcStatus(status);
  }
  absl::StatusOr<evaluator::Evaluation> evaluation = store_->Get(request->id());
  if (!evaluation.ok()) return ToGrpcStatus(evaluation.status());
  ToProto(*evaluation, response);
  return grpc::Status::OK;
}

}  // namespace assay::server
