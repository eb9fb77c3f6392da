// The gRPC service assay.v1.EvaluationService.
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
#include "base/call_context.h"
#include "base/status_macros.h"
#include "evaluator/analysis/compare.h"
#include "evaluator/analysis/forecast.h"
#include "evaluator/analysis/gate.h"
#include "server/wire/analysis_proto.h"
#include "server/wire/evaluation_plan.h"
#include "server/wire/evaluation_proto.h"

namespace assay::server {
namespace {

using assay::v1::EvaluateRequest;
using assay::v1::EvaluateResponse;

constexpr int kDefaultListLimit = 50;
constexpr int kMaxListLimit = 1000;
constexpr size_t kChunkBytes = size_t{256} << 10;
// How often a stream without events checks if its client is still connected.
constexpr absl::Duration kFeedPoll = absl::Milliseconds(100);

absl::Status OutOfRange(const char* field, int value, int max) {
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", value, " is out of range; give 0 to ", max));
}

// Checks the gate before hours of work, not after.
absl::Status CheckGateNames(const EvaluateRequest& request, const evaluator::EvaluationPlan& plan,
                            evaluator::RunStore* store) {
  if (request.gate().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(evaluator::Gate gate, evaluator::Gate::Parse(request.gate()));
  for (const std::string& past : gate.PastEvaluations()) {
    RETURN_IF_ERROR(store->Get(past).status());
  }
  return gate.CheckNames(plan);
}

}  // namespace

void EvaluationServiceImpl::Fill(const evaluator::Evaluation& evaluation,
                                 assay::v1::Evaluation* out) const {
  ToProto(evaluation, out);
  out->set_mlflow_tracking_uri(tracking_uri_);
}

EvaluateResponse EvaluationServiceImpl::ToEvent(const evaluator::EvaluationEvent& event) const {
  EvaluateResponse response;
  if (const auto* progress = std::get_if<evaluator::Progress>(&event)) {
    ToProto(*progress, response.mutable_progress());
  } else if (const auto* sample = std::get_if<evaluator::Sample>(&event)) {
    ToProto(*sample, response.mutable_sample());
  } else {
    Fill(std::get<evaluator::Evaluation>(event), response.mutable_summary());
  }
  return response;
}

absl::Status EvaluationServiceImpl::Evaluate(const ServerCall& call, const EvaluateRequest& request,
                                             MessageWriter<EvaluateResponse>* writer) {
  RETURN_IF_ERROR(can_record_());
  absl::StatusOr<evaluator::EvaluationPlan> plan =
      ToPlan(request, *manager_, store_,
             {.evaluation = settings_, .limits = limits_, .refuse_unknown = refuse_unknown_});
  RETURN_IF_ERROR(plan.status());
  for (const evaluator::Candidate& candidate : plan->models) {
    RETURN_IF_ERROR(call.caller().CheckModel(candidate.model));
  }
  RETURN_IF_ERROR(CheckGateNames(request, *plan, store_));
  const absl::StatusOr<evaluator::Forecast> forecast =
      evaluator::MakeForecast(store_, *plan, request.detect());
  RETURN_IF_ERROR(forecast.status());
  EvaluateResponse forecast_event;
  ToProto(*forecast, forecast_event.mutable_forecast());
  if (request.forecast_only()) {
    writer->Write(forecast_event);
    return absl::OkStatus();
  }
  if (absl::Status s = evaluator::CheckDetects(*forecast, request.detect());
      !s.ok() && !(request.anyway() && absl::IsFailedPrecondition(s))) {
    return s;
  }
  absl::StatusOr<evaluator::Runner::Started> started = runner_->Start(*std::move(plan));
  RETURN_IF_ERROR(started.status());

  EvaluateResponse first;
  Fill(started->evaluation, first.mutable_started());
  writer->Write(first);
  writer->Write(forecast_event);
  const CallContext& context = call.context();
  while (!context.IsDone()) {
    std::optional<evaluator::EvaluationEvent> event = started->feed->Next(kFeedPoll);
    if (!event.has_value()) continue;
    const auto* end = std::get_if<evaluator::Evaluation>(&*event);
    if (end != nullptr && end->state == evaluator::EvaluationState::kRunning) {
      return absl::UnavailableError(absl::StrCat("the server is stopping; it continues evaluation ",
                                                 end->id, " when it starts again"));
    }
    if (!writer->Write(ToEvent(*event))) break;
    if (end != nullptr) return absl::OkStatus();
  }
  return absl::CancelledError(absl::StrCat("the client disconnected; the evaluation continues as ",
                                           started->evaluation.id));
}

absl::Status EvaluationServiceImpl::GetEvaluation(const ServerCall& /*call*/,
                                                  const assay::v1::GetEvaluationRequest& request,
                                                  assay::v1::Evaluation* response) {
  absl::StatusOr<evaluator::Evaluation> evaluation = store_->Get(request.id());
  RETURN_IF_ERROR(evaluation.status());
  Fill(*evaluation, response);
  if (absl::StatusOr<evaluator::EvaluationPlan> plan = store_->Plan(request.id()); plan.ok()) {
    response->set_order_seed(plan->order_seed);
  }
  if (!request.include_samples()) return absl::OkStatus();
  absl::StatusOr<std::vector<evaluator::Sample>> samples = store_->Samples(request.id());
  RETURN_IF_ERROR(samples.status());
  for (const evaluator::Sample& sample : *samples) ToProto(sample, response->add_samples());
  absl::StatusOr<std::vector<evaluator::TaskAnswer>> answers = store_->Answers(request.id());
  RETURN_IF_ERROR(answers.status());
  for (const evaluator::TaskAnswer& answer : *answers) ToProto(answer, response->add_answers());
  return absl::OkStatus();
}

absl::Status EvaluationServiceImpl::CompareEvaluations(
    const ServerCall& /*call*/, const assay::v1::CompareEvaluationsRequest& request,
    assay::v1::CompareEvaluationsResponse* response) {
  evaluator::CompareOptions options;
  if (request.alpha() != 0) options.alpha = request.alpha();
  options.correction = FromProto(request.correction());
  options.failures = FromProto(request.failures());
  options.gate = request.gate();
  absl::StatusOr<evaluator::ComparedRuns> compared = evaluator::CompareRuns(
      store_, {.evaluation_id = request.baseline_id(), .model = request.baseline_model()},
      {.evaluation_id = request.candidate_id(), .model = request.candidate_model()}, options);
  RETURN_IF_ERROR(compared.status());
  for (const evaluator::Comparison& comparison : compared->analysis.comparisons) {
    ToProto(comparison, response->add_comparisons());
  }
  for (const std::string& decision : compared->analysis.decisions) {
    response->add_decisions(decision);
  }
  for (const std::string& one : compared->differences) response->add_differences(one);
  if (const evaluator::Advice advice = Advise(compared->analysis); !advice.action.empty()) {
    ToProto(advice, response->mutable_advice());
  }
  if (request.include_prompts()) {
    for (const evaluator::PromptDifference& row : compared->prompts) {
      ToProto(row, response->add_prompts());
    }
  }
  if (compared->gate) ToProto(*compared->gate, response->mutable_gate());
  return absl::OkStatus();
}

absl::Status EvaluationServiceImpl::ListEvaluations(
    const ServerCall& /*call*/, const assay::v1::ListEvaluationsRequest& request,
    assay::v1::ListEvaluationsResponse* response) {
  if (request.limit() < 0 || request.limit() > kMaxListLimit) {
    return OutOfRange("limit", request.limit(), kMaxListLimit);
  }
  absl::StatusOr<std::vector<evaluator::Evaluation>> list =
      store_->List(request.limit() == 0 ? kDefaultListLimit : request.limit());
  RETURN_IF_ERROR(list.status());
  for (const evaluator::Evaluation& evaluation : *list) {
    Fill(evaluation, response->add_evaluations());
  }
  return absl::OkStatus();
}

absl::Status EvaluationServiceImpl::CancelEvaluation(
    const ServerCall& /*call*/, const assay::v1::CancelEvaluationRequest& request,
    assay::v1::Evaluation* response) {
  RETURN_IF_ERROR(runner_->Cancel(request.id()));
  absl::StatusOr<evaluator::Evaluation> evaluation = store_->Get(request.id());
  RETURN_IF_ERROR(evaluation.status());
  Fill(*evaluation, response);
  return absl::OkStatus();
}

absl::Status EvaluationServiceImpl::GetReport(const ServerCall& /*call*/,
                                              const assay::v1::GetReportRequest& request,
                                              MessageWriter<assay::v1::ReportChunk>* writer) {
  const absl::StatusOr<evaluator::ReportFormat> format = FromProto(request.format());
  RETURN_IF_ERROR(format.status());
  const absl::StatusOr<std::string> report = reports_.Make(request.id(), *format);
  RETURN_IF_ERROR(report.status());
  for (size_t begin = 0; begin < report->size(); begin += kChunkBytes) {
    assay::v1::ReportChunk chunk;
    chunk.set_data(report->substr(begin, kChunkBytes));
    if (!writer->Write(chunk)) return absl::CancelledError("the client disconnected");
  }
  return absl::OkStatus();
}

absl::Status EvaluationServiceImpl::CheckGate(const ServerCall& /*call*/,
                                              const assay::v1::CheckGateRequest& request,
                                              assay::v1::GateResult* response) {
  absl::StatusOr<evaluator::GateResult> result = reports_.Check(request.id(), request.gate());
  RETURN_IF_ERROR(result.status());
  ToProto(*result, response);
  return absl::OkStatus();
}

}  // namespace assay::server
