// The gRPC service assay.v1.FeedbackService.
#ifndef ASSAY_SERVER_SERVICES_FEEDBACK_SERVICE_H_
#define ASSAY_SERVER_SERVICES_FEEDBACK_SERVICE_H_

#include <functional>
#include <utility>

#include "assay/v1/feedback.grpc.pb.h"
#include "evaluator/records/feedback.h"
#include "evaluator/store/feedback_store.h"
#include "server/feedback/answer_memory.h"
#include "server/routing/routing.h"

namespace assay::server {

// Records, lists and summarizes feedback. Thread-safe.
class FeedbackServiceImpl final : public assay::v1::FeedbackService::Service {
 public:
  struct Dependencies {
    evaluator::FeedbackStore* store;
    AnswerMemory* memory;
    const Routing* routing;
    // Called after every change, on the thread of the call. May be null.
    std::function<void(const evaluator::FeedbackResult&)> on_feedback;
  };

  // Every pointer must outlive this object.
  explicit FeedbackServiceImpl(Dependencies dependencies) : deps_(std::move(dependencies)) {}

  grpc::Status GiveFeedback(grpc::ServerContext* context,
                            const assay::v1::GiveFeedbackRequest* request,
                            assay::v1::GiveFeedbackResponse* response) override;
  grpc::Status ListFeedback(grpc::ServerContext* context,
                            const assay::v1::ListFeedbackRequest* request,
                            assay::v1::ListFeedbackResponse* response) override;
  grpc::Status SummarizeFeedback(grpc::ServerContext* context,
                                 const assay::v1::SummarizeFeedbackRequest* request,
                                 assay::v1::SummarizeFeedbackResponse* response) override;
  grpc::Status CompareArms(grpc::ServerContext* context,
                           const assay::v1::CompareArmsRequest* request,
                           assay::v1::CompareArmsResponse* response) override;

 private:
  const Dependencies deps_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_FEEDBACK_SERVICE_H_
