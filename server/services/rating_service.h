// The gRPC service assay.v1.RatingService.
#ifndef ASSAY_SERVER_SERVICES_RATING_SERVICE_H_
#define ASSAY_SERVER_SERVICES_RATING_SERVICE_H_

#include "assay/v1/rating.grpc.pb.h"
#include "evaluator/store/run_store.h"
#include "server/rpc/call_runner.h"

namespace assay::server {

// Shows samples to raters without their models, records and summarizes ratings. Thread-safe.
class RatingServiceImpl final : public assay::v1::RatingService::CallbackService {
 public:
  // `calls` runs the calls. Every pointer must outlive the service.
  RatingServiceImpl(CallRunner* calls, evaluator::RunStore* store) : calls_(calls), store_(store) {}

  grpc::ServerWriteReactor<assay::v1::RatingItem>* ListRatingItems(
      grpc::CallbackServerContext* context,
      const assay::v1::ListRatingItemsRequest* request) override {
    return calls_->Stream(context, {kService, __func__}, CallKind::kWork, this,
                          &RatingServiceImpl::ListRatingItems, request);
  }
  grpc::ServerUnaryReactor* AddRatings(grpc::CallbackServerContext* context,
                                       const assay::v1::AddRatingsRequest* request,
                                       assay::v1::AddRatingsResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &RatingServiceImpl::AddRatings, request, response);
  }
  grpc::ServerWriteReactor<assay::v1::Rating>* ListRatings(
      grpc::CallbackServerContext* context, const assay::v1::ListRatingsRequest* request) override {
    return calls_->Stream(context, {kService, __func__}, CallKind::kWork, this,
                          &RatingServiceImpl::ListRatings, request);
  }
  grpc::ServerUnaryReactor* SummarizeRatings(
      grpc::CallbackServerContext* context, const assay::v1::SummarizeRatingsRequest* request,
      assay::v1::SummarizeRatingsResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &RatingServiceImpl::SummarizeRatings, request, response);
  }

 private:
  static constexpr const char* kService = assay::v1::RatingService::service_full_name();

  absl::Status ListRatingItems(const ServerCall& call,
                               const assay::v1::ListRatingItemsRequest& request,
                               MessageWriter<assay::v1::RatingItem>* writer);
  absl::Status AddRatings(const ServerCall& call, const assay::v1::AddRatingsRequest& request,
                          assay::v1::AddRatingsResponse* response);
  absl::Status ListRatings(const ServerCall& call, const assay::v1::ListRatingsRequest& request,
                           MessageWriter<assay::v1::Rating>* writer);
  absl::Status SummarizeRatings(const ServerCall& call,
                                const assay::v1::SummarizeRatingsRequest& request,
                                assay::v1::SummarizeRatingsResponse* response);

  CallRunner* const calls_;
  evaluator::RunStore* const store_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_RATING_SERVICE_H_
