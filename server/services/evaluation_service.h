// assay.v1.EvaluationService over the evaluator's Runner and RunStore.
#ifndef ASSAY_SERVER_SERVICES_EVALUATION_SERVICE_H_
#define ASSAY_SERVER_SERVICES_EVALUATION_SERVICE_H_

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.grpc.pb.h"
#include "evaluator/run_store.h"
#include "evaluator/runner.h"
#include "registry/manager.h"
#include "server/config.h"

namespace assay::server {

// Thread-safe.
class EvaluationServiceImpl final : public assay::v1::EvaluationService::Service {
 public:
  EvaluationServiceImpl(evaluator::Runner* runner, evaluator::RunStore* store,
                        const registry::Manager* manager, const Config& config)
      : runner_(runner),
        store_(store),
        manager_(manager),
        settings_(config.evaluation),
        limits_(config.limits) {}

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

 private:
  absl::StatusOr<evaluator::EvaluationPlan> ToPlan(const assay::v1::EvaluateRequest& request) const;
  absl::StatusOr<std::vector<std::string>> ChooseModels(
      const assay::v1::EvaluateRequest& request) const;

  evaluator::Runner* const runner_;
  evaluator::RunStore* const store_;
  const registry::Manager* const manager_;
  const EvaluationConfig settings_;
  const LimitsConfig limits_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_EVALUATION_SERVICE_H_
