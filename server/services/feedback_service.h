// The gRPC service assay.v1.FeedbackService.
#ifndef ASSAY_SERVER_SERVICES_FEEDBACK_SERVICE_H_
#define ASSAY_SERVER_SERVICES_FEEDBACK_SERVICE_H_

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "assay/v1/feedback.grpc.pb.h"
#include "evaluator/records/feedback.h"
#include "evaluator/store/feedback_store.h"
#include "server/feedback/answer_memory.h"
#include "server/routing/routing.h"
#include "server/rpc/call_runner.h"

namespace assay::server {

// Records, lists and summarizes feedback. Thread-safe.
class FeedbackServiceImpl final : public assay::v1::FeedbackService::CallbackService {
 public:
  struct Dependencies {
    evaluator::FeedbackStore* store;
    AnswerMemory* memory;
    const Routing* routing;
    // Called after every change, on the thread of the call. May be null.
    std::function<void(const evaluator::FeedbackResult&)> on_feedback;
  };

  // `calls` runs the calls. Every pointer must outlive the service.
  FeedbackServiceImpl(CallRunner* calls, Dependencies dependencies)
      : calls_(calls), deps_(std::move(dependencies)) {}

  grpc::ServerUnaryReactor* GiveFeedback(grpc::CallbackServerContext* context,
                                         const assay::v1::GiveFeedbackRequest* request,
                                         assay::v1::GiveFeedbackResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &FeedbackServiceImpl::GiveFeedback, request, response);
  }
  grpc::ServerUnaryReactor* ListFeedback(grpc::CallbackServerContext* context,
                                         const assay::v1::ListFeedbackRequest* request,
                                         assay::v1::ListFeedbackResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kQuick, this,
                         &FeedbackServiceImpl::ListFeedback, request, response);
  }
  grpc::ServerUnaryReactor* SummarizeFeedback(
      grpc::CallbackServerContext* context, const assay::v1::SummarizeFeedbackRequest* request,
      assay::v1::SummarizeFeedbackResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &FeedbackServiceImpl::SummarizeFeedback, request, response);
  }
  grpc::ServerUnaryReactor* CompareArms(grpc::CallbackServerContext* context,
                                        const assay::v1::CompareArmsRequest* request,
                                        assay::v1::CompareArmsResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &FeedbackServiceImpl::CompareArms, request, response);
  }

 private:
  static constexpr const char* kService = assay::v1::FeedbackService::service_full_name();

  absl::Status GiveFeedback(const ServerCall& call, const assay::v1::GiveFeedbackRequest& request,
                            assay::v1::GiveFeedbackResponse* response);
  absl::Status ListFeedback(const ServerCall& call, const assay::v1::ListFeedbackRequest& request,
                            assay::v1::ListFeedbackResponse* response);
  absl::Status SummarizeFeedback(const ServerCall& call,
                                 const assay::v1::SummarizeFeedbackRequest& request,
                                 assay::v1::SummarizeFeedbackResponse* response);
  absl::Status CompareArms(const ServerCall& call, const assay::v1::CompareArmsRequest& request,
                           assay::v1::CompareArmsResponse* response);

  CallRunner* const calls_;
  const Dependencies deps_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_FEEDBACK_SERVICE_H_
