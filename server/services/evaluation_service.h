// The gRPC service assay.v1.EvaluationService.
#ifndef ASSAY_SERVER_SERVICES_EVALUATION_SERVICE_H_
#define ASSAY_SERVER_SERVICES_EVALUATION_SERVICE_H_

#include <string>

#include "assay/v1/evaluation.grpc.pb.h"
#include "evaluator/report/recorded_reports.h"
#include "evaluator/run/runner.h"
#include "evaluator/store/run_store.h"
#include "registry/residency/manager.h"
#include "server/config/config.h"

namespace assay::server {

// Starts, shows, compares and cancels evaluations. Thread-safe.
class EvaluationServiceImpl final : public assay::v1::EvaluationService::Service {
 public:
  // Every pointer must outlive the service.
  EvaluationServiceImpl(evaluator::Runner* runner, evaluator::RunStore* store,
                        const registry::Manager* manager, const Config& config,
                        evaluator::FeedbackStore* feedback, evaluator::JudgmentStore* judgments)
      : runner_(runner),
        store_(store),
        manager_(manager),
        settings_(config.evaluation),
        limits_(config.limits),
        refuse_unknown_(config.routing.refuse_unknown),
        tracking_uri_(config.mlflow.tracking_uri),
        reports_(store, config.evaluation.economics, feedback, judgments) {}

  grpc::Status Evaluate(grpc::ServerContext* context, const assay::v1::EvaluateRequest* request,
                        grpc::ServerWriter<assay::v1::EvaluateResponse>* writer) override;
  grpc::Status GetEvaluation(grpc::ServerContext* context,
                             const assay::v1::GetEvaluationRequest* request,
                             assay::v1::Evaluation* response) override;
  grpc::Status ListEvaluations(grpc::ServerContext* context,
                               const assay::v1::ListEvaluationsRequest* request,
                               assay::v1::ListEvaluationsResponse* response) override;
  grpc::Status CancelEvaluation(grpc::ServerContext* context,
                                const assay::v1::CancelEvaluationRequest* request,
                                assay::v1::Evaluation* response) override;
  grpc::Status CompareEvaluations(grpc::ServerContext* context,
                                  const assay::v1::CompareEvaluationsRequest* request,
                                  assay::v1::CompareEvaluationsResponse* response) override;
  grpc::Status GetReport(grpc::ServerContext* context, const assay::v1::GetReportRequest* request,
                         grpc::ServerWriter<assay::v1::ReportChunk>* writer) override;
  grpc::Status CheckGate(grpc::ServerContext* context, const assay::v1::CheckGateRequest* request,
                         assay::v1::GateResult* response) override;

 private:
  // Fills the message, including the fields that only the server knows.
  void Fill(const evaluator::Evaluation& evaluation, assay::v1::Evaluation* out) const;
  assay::v1::EvaluateResponse ToEvent(const evaluator::EvaluationEvent& event) const;

  evaluator::Runner* const runner_;
  evaluator::RunStore* const store_;
  const registry::Manager* const manager_;
  const EvaluationConfig settings_;
  const LimitsConfig limits_;
  const bool refuse_unknown_;
  const std::string tracking_uri_;
  const evaluator::RecordedReports reports_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_EVALUATION_SERVICE_H_
