// The gRPC service assay.v1.JudgingService.
#ifndef ASSAY_SERVER_SERVICES_JUDGING_SERVICE_H_
#define ASSAY_SERVER_SERVICES_JUDGING_SERVICE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "assay/v1/judging.grpc.pb.h"
#include "evaluator/judging/judge.h"
#include "evaluator/judging/judge_options.h"
#include "evaluator/records/text_generator.h"
#include "evaluator/store/judgment_store.h"
#include "evaluator/store/run_store.h"
#include "registry/residency/manager.h"

namespace assay::server {

// Judges evaluations, each call in its own thread with its own judges. Thread-safe.
class JudgingServiceImpl final : public assay::v1::JudgingService::Service {
 public:
  // Every pointer must outlive the service.
  struct Dependencies {
    evaluator::RunStore* store;
    evaluator::JudgmentStore* judgments;
    evaluator::TextGenerator* generator;
    const registry::Manager* manager;
    // The judges of the configuration.
    std::vector<evaluator::JudgeOptions> judges;
  };
  explicit JudgingServiceImpl(Dependencies dependencies) : dependencies_(std::move(dependencies)) {}

  grpc::Status JudgeEvaluation(
      grpc::ServerContext* context, const assay::v1::JudgeEvaluationRequest* request,
      grpc::ServerWriter<assay::v1::JudgeEvaluationResponse>* writer) override;

 private:
  absl::Status Judge(const assay::v1::JudgeEvaluationRequest& request, const CallContext& context,
                     grpc::ServerWriter<assay::v1::JudgeEvaluationResponse>* writer) const;
  // Makes the judges that the request names, or all judges of the configuration.
  absl::StatusOr<std::vector<std::unique_ptr<evaluator::Judge>>> MakeJudges(
      const assay::v1::JudgeEvaluationRequest& request) const;
  absl::StatusOr<std::unique_ptr<evaluator::Judge>> MakeJudge(const std::string& name) const;

  const Dependencies dependencies_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_JUDGING_SERVICE_H_
