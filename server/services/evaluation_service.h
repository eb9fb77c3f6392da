// The gRPC service assay.v1.EvaluationService.
#ifndef ASSAY_SERVER_SERVICES_EVALUATION_SERVICE_H_
#define ASSAY_SERVER_SERVICES_EVALUATION_SERVICE_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "assay/v1/evaluation.grpc.pb.h"
#include "evaluator/report/recorded_reports.h"
#include "evaluator/run/runner.h"
#include "evaluator/store/run_store.h"
#include "registry/residency/manager.h"
#include "server/config/config.h"
#include "server/mlflow/tracking_uri.h"
#include "server/rpc/call_runner.h"

namespace assay::server {

// Starts, shows, compares and cancels evaluations. Thread-safe.
class EvaluationServiceImpl final : public assay::v1::EvaluationService::CallbackService {
 public:
  // `calls` runs the calls. Every pointer must outlive the service. `can_record` returns the error
  // with which new evaluations are refused, or OK.
  EvaluationServiceImpl(CallRunner* calls, evaluator::Runner* runner, evaluator::RunStore* store,
                        const registry::Manager* manager, const Config& config,
                        evaluator::FeedbackStore* feedback, evaluator::JudgmentStore* judgments,
                        std::function<absl::Status()> can_record)
      : calls_(calls),
        runner_(runner),
        store_(store),
        manager_(manager),
        settings_(config.evaluation),
        limits_(config.limits),
        refuse_unknown_(config.routing.refuse_unknown),
        tracking_uri_(ShownTrackingUri(config.mlflow.tracking_uri)),
        reports_(store, config.evaluation.economics, feedback, judgments),
        can_record_(std::move(can_record)) {}

  grpc::ServerWriteReactor<assay::v1::EvaluateResponse>* Evaluate(
      grpc::CallbackServerContext* context, const assay::v1::EvaluateRequest* request) override {
    return calls_->Stream(context, {kService, __func__}, CallKind::kWatch, this,
                          &EvaluationServiceImpl::Evaluate, request);
  }
  grpc::ServerUnaryReactor* GetEvaluation(grpc::CallbackServerContext* context,
                                          const assay::v1::GetEvaluationRequest* request,
                                          assay::v1::Evaluation* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &EvaluationServiceImpl::GetEvaluation, request, response);
  }
  grpc::ServerUnaryReactor* ListEvaluations(grpc::CallbackServerContext* context,
                                            const assay::v1::ListEvaluationsRequest* request,
                                            assay::v1::ListEvaluationsResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kQuick, this,
                         &EvaluationServiceImpl::ListEvaluations, request, response);
  }
  grpc::ServerUnaryReactor* CancelEvaluation(grpc::CallbackServerContext* context,
                                             const assay::v1::CancelEvaluationRequest* request,
                                             assay::v1::Evaluation* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kQuick, this,
                         &EvaluationServiceImpl::CancelEvaluation, request, response);
  }
  grpc::ServerUnaryReactor* CompareEvaluations(
      grpc::CallbackServerContext* context, const assay::v1::CompareEvaluationsRequest* request,
      assay::v1::CompareEvaluationsResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &EvaluationServiceImpl::CompareEvaluations, request, response);
  }
  grpc::ServerWriteReactor<assay::v1::ReportChunk>* GetReport(
      grpc::CallbackServerContext* context, const assay::v1::GetReportRequest* request) override {
    return calls_->Stream(context, {kService, __func__}, CallKind::kWork, this,
                          &EvaluationServiceImpl::GetReport, request);
  }
  grpc::ServerUnaryReactor* CheckGate(grpc::CallbackServerContext* context,
                                      const assay::v1::CheckGateRequest* request,
                                      assay::v1::GateResult* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &EvaluationServiceImpl::CheckGate, request, response);
  }

 private:
  static constexpr const char* kService = assay::v1::EvaluationService::service_full_name();

  absl::Status Evaluate(const ServerCall& call, const assay::v1::EvaluateRequest& request,
                        MessageWriter<assay::v1::EvaluateResponse>* writer);
  absl::Status GetEvaluation(const ServerCall& call, const assay::v1::GetEvaluationRequest& request,
                             assay::v1::Evaluation* response);
  absl::Status ListEvaluations(const ServerCall& call,
                               const assay::v1::ListEvaluationsRequest& request,
                               assay::v1::ListEvaluationsResponse* response);
  absl::Status CancelEvaluation(const ServerCall& call,
                                const assay::v1::CancelEvaluationRequest& request,
                                assay::v1::Evaluation* response);
  absl::Status CompareEvaluations(const ServerCall& call,
                                  const assay::v1::CompareEvaluationsRequest& request,
                                  assay::v1::CompareEvaluationsResponse* response);
  absl::Status GetReport(const ServerCall& call, const assay::v1::GetReportRequest& request,
                         MessageWriter<assay::v1::ReportChunk>* writer);
  absl::Status CheckGate(const ServerCall& call, const assay::v1::CheckGateRequest& request,
                         assay::v1::GateResult* response);

  // Fills the message, including the fields that only the server knows.
  void Fill(const evaluator::Evaluation& evaluation, assay::v1::Evaluation* out) const;
  assay::v1::EvaluateResponse ToEvent(const evaluator::EvaluationEvent& event) const;

  CallRunner* const calls_;
  evaluator::Runner* const runner_;
  evaluator::RunStore* const store_;
  const registry::Manager* const manager_;
  const EvaluationConfig settings_;
  const LimitsConfig limits_;
  const bool refuse_unknown_;
  const std::string tracking_uri_;
  const evaluator::RecordedReports reports_;
  const std::function<absl::Status()> can_record_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_EVALUATION_SERVICE_H_
