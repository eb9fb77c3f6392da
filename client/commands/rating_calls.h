// The calls that the commands on ratings share.
#ifndef ASSAY_CLIENT_COMMANDS_RATING_CALLS_H_
#define ASSAY_CLIENT_COMMANDS_RATING_CALLS_H_

#include <string>
#include <vector>

#include "assay/v1/rating.grpc.pb.h"
#include "client/commands/session.h"

namespace assay::client {

// Reads the texts of an evaluation.
inline grpc::Status ReadItems(const Session& session, std::vector<v1::RatingItem>* items) {
  v1::ListRatingItemsRequest request;
  request.set_evaluation_id(session.arguments.rating.evaluation);
  return CallStream(session.connection, &v1::RatingService::Stub::ListRatingItems, request,
                    [items](const v1::RatingItem& item) { items->push_back(item); });
}

// Reads the ratings of an evaluation, only those of `rater` unless it is empty.
inline grpc::Status ReadRatings(const Session& session, const std::string& rater,
                                std::vector<v1::Rating>* ratings) {
  v1::ListRatingsRequest request;
  request.set_evaluation_id(session.arguments.rating.evaluation);
  request.set_rater(rater);
  return CallStream(session.connection, &v1::RatingService::Stub::ListRatings, request,
                    [ratings](const v1::Rating& rating) { ratings->push_back(rating); });
}

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_RATING_CALLS_H_
