// The gRPC service assay.v1.RatingService.
#include "server/services/rating_service.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "evaluator/raters/rating_summary.h"
#include "server/wire/proto_time.h"
#include "server/wire/rating_proto.h"

namespace assay::server {
namespace {

constexpr int kMaxRatings = 10'000;

absl::StatusOr<std::vector<evaluator::Rating>> ReadRatings(
    const assay::v1::AddRatingsRequest& request, const SampleKeys& keys) {
  if (request.ratings_size() > kMaxRatings) {
    return absl::InvalidArgumentError(absl::StrCat("ratings: has ", request.ratings_size(),
                                                   " entries; send at most ", kMaxRatings,
                                                   " at a time"));
  }
  std::vector<evaluator::Rating> ratings;
  for (int i = 0; i < request.ratings_size(); ++i) {
    absl::StatusOr<evaluator::Rating> rating = ToRating(request.ratings(i), keys, absl::Now());
    if (!rating.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("ratings[", i, "]: ", rating.status().message()));
    }
    ratings.push_back(*std::move(rating));
  }
  return ratings;
}

}  // namespace

absl::Status RatingServiceImpl::ListRatingItems(const ServerCall& /*call*/,
                                                const assay::v1::ListRatingItemsRequest& request,
                                                MessageWriter<assay::v1::RatingItem>* writer) {
  const std::string& id = request.evaluation_id();
  const absl::StatusOr<evaluator::EvaluationPlan> plan = store_->Plan(id);
  RETURN_IF_ERROR(plan.status());
  const absl::StatusOr<std::vector<evaluator::Sample>> samples = store_->Samples(id);
  RETURN_IF_ERROR(samples.status());
  for (const assay::v1::RatingItem& item : RatingItems(id, *plan, *samples)) {
    if (!writer->Write(item)) break;
  }
  return absl::OkStatus();
}

absl::Status RatingServiceImpl::AddRatings(const ServerCall& /*call*/,
                                           const assay::v1::AddRatingsRequest& request,
                                           assay::v1::AddRatingsResponse* response) {
  const std::string& id = request.evaluation_id();
  ASSIGN_OR_RETURN(std::vector<evaluator::SampleId> samples, store_->SuccessfulSamples(id));
  const absl::StatusOr<std::vector<evaluator::Rating>> ratings =
      ReadRatings(request, KeysOf(id, std::move(samples)));
  RETURN_IF_ERROR(ratings.status());
  const absl::StatusOr<evaluator::RatingCounts> counts = store_->AddRatings(id, *ratings);
  RETURN_IF_ERROR(counts.status());
  response->set_added(counts->added);
  response->set_replaced(counts->replaced);
  response->set_unchanged(counts->unchanged);
  return absl::OkStatus();
}

absl::Status RatingServiceImpl::ListRatings(const ServerCall& /*call*/,
                                            const assay::v1::ListRatingsRequest& request,
                                            MessageWriter<assay::v1::Rating>* writer) {
  const std::string& id = request.evaluation_id();
  const absl::StatusOr<std::vector<evaluator::Rating>> ratings = store_->Ratings(id);
  RETURN_IF_ERROR(ratings.status());
  const absl::StatusOr<evaluator::EvaluationPlan> plan = store_->Plan(id);
  RETURN_IF_ERROR(plan.status());
  for (const evaluator::Rating& rating : *ratings) {
    if (!request.rater().empty() && rating.rater != request.rater()) continue;
    if (!writer->Write(ToProto(id, *plan, rating))) break;
  }
  return absl::OkStatus();
}

absl::Status RatingServiceImpl::SummarizeRatings(const ServerCall& /*call*/,
                                                 const assay::v1::SummarizeRatingsRequest& request,
                                                 assay::v1::SummarizeRatingsResponse* response) {
  const std::string& id = request.evaluation_id();
  const absl::StatusOr<std::vector<evaluator::Rating>> ratings = store_->Ratings(id);
  RETURN_IF_ERROR(ratings.status());
  const absl::StatusOr<std::vector<evaluator::Sample>> samples = store_->Samples(id);
  RETURN_IF_ERROR(samples.status());
  ToProto(evaluator::SummarizeRatings(*samples, *ratings), response);
  return absl::OkStatus();
}

}  // namespace assay::server
