// The gRPC service assay.v1.JudgingService.
#ifndef ASSAY_SERVER_SERVICES_JUDGING_SERVICE_H_
#define ASSAY_SERVER_SERVICES_JUDGING_SERVICE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "assay/v1/judging.grpc.pb.h"
#include "evaluator/judging/judge.h"
#include "evaluator/judging/judge_options.h"
#include "evaluator/raters/judgment_summary.h"
#include "evaluator/records/text_generator.h"
#include "evaluator/store/judgment_store.h"
#include "evaluator/store/run_store.h"
#include "registry/residency/manager.h"
#include "server/rpc/call_runner.h"

namespace assay::server {

// Judges evaluations, each call in its own thread with its own judges. Thread-safe.
class JudgingServiceImpl final : public assay::v1::JudgingService::CallbackService {
 public:
  // Every pointer must outlive the service.
  struct Dependencies {
    evaluator::RunStore* store;
    evaluator::JudgmentStore* judgments;
    evaluator::TextGenerator* generator;
    const registry::Manager* manager;
    // The judges of the configuration.
    std::vector<evaluator::JudgeOptions> judges;
    // Called when the outbox has new entries. May be null.
    std::function<void()> wake_mlflow = nullptr;
  };
  // `calls` runs the calls. Every pointer must outlive the service.
  JudgingServiceImpl(CallRunner* calls, Dependencies dependencies)
      : calls_(calls), dependencies_(std::move(dependencies)) {}

  grpc::ServerWriteReactor<assay::v1::JudgeEvaluationResponse>* JudgeEvaluation(
      grpc::CallbackServerContext* context,
      const assay::v1::JudgeEvaluationRequest* request) override {
    return calls_->Stream(context, {kService, __func__}, CallKind::kWatch, this,
                          &JudgingServiceImpl::JudgeEvaluation, request);
  }

 private:
  static constexpr const char* kService = assay::v1::JudgingService::service_full_name();

  absl::Status JudgeEvaluation(const ServerCall& call,
                               const assay::v1::JudgeEvaluationRequest& request,
                               MessageWriter<assay::v1::JudgeEvaluationResponse>* writer);

  // Adds the judgments of the evaluation to its runs on the tracking server.
  absl::Status Track(const evaluator::Evaluation& evaluation, const evaluator::EvaluationPlan& plan,
                     const evaluator::JudgmentSummary& summary) const;
  // Makes the judges that the request names, or all judges of the configuration.
  absl::StatusOr<std::vector<std::unique_ptr<evaluator::Judge>>> MakeJudges(
      const assay::v1::JudgeEvaluationRequest& request, const Caller& caller) const;
  // PERMISSION_DENIED: `name` is a model that the caller may not use.
  absl::StatusOr<std::unique_ptr<evaluator::Judge>> MakeJudge(const std::string& name,
                                                              const Caller& caller) const;

  CallRunner* const calls_;
  const Dependencies dependencies_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_JUDGING_SERVICE_H_
