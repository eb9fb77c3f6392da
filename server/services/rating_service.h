// The gRPC service assay.v1.RatingService.
#ifndef ASSAY_SERVER_SERVICES_RATING_SERVICE_H_
#define ASSAY_SERVER_SERVICES_RATING_SERVICE_H_

#include "assay/v1/rating.grpc.pb.h"
#include "evaluator/store/run_store.h"

namespace assay::server {

// Shows samples to raters without their models, records and summarizes ratings. Thread-safe.
class RatingServiceImpl final : public assay::v1::RatingService::Service {
 public:
  // `store` must outlive this object.
  explicit RatingServiceImpl(evaluator::RunStore* store) : store_(store) {}

  grpc::Status ListRatingItems(grpc::ServerContext* context,
                               const assay::v1::ListRatingItemsRequest* request,
                               grpc::ServerWriter<assay::v1::RatingItem>* writer) override;
  grpc::Status AddRatings(grpc::ServerContext* context, const assay::v1::AddRatingsRequest* request,
                          assay::v1::AddRatingsResponse* response) override;
  grpc::Status ListRatings(grpc::ServerContext* context,
                           const assay::v1::ListRatingsRequest* request,
                           grpc::ServerWriter<assay::v1::Rating>* writer) override;
  grpc::Status SummarizeRatings(grpc::ServerContext* context,
                                const assay::v1::SummarizeRatingsRequest* request,
                                assay::v1::SummarizeRatingsResponse* response) override;

 private:
  evaluator::RunStore* const store_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_RATING_SERVICE_H_
