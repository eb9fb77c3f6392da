// Converts the messages of assay.v1.RatingService to the evaluator's types and back.
#ifndef ASSAY_SERVER_WIRE_RATING_PROTO_H_
#define ASSAY_SERVER_WIRE_RATING_PROTO_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "assay/v1/rating.pb.h"
#include "evaluator/raters/rating_summary.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/rating.h"

namespace assay::server {

// The samples that can be rated, by their keys.
using SampleKeys = std::map<std::string, evaluator::SampleId>;

SampleKeys KeysOf(const std::string& evaluation_id, std::vector<evaluator::SampleId> samples);

// Returns the samples of an evaluation without their models, in the order of their keys.
std::vector<assay::v1::RatingItem> RatingItems(const std::string& evaluation_id,
                                               const evaluator::EvaluationPlan& plan,
                                               const std::vector<evaluator::Sample>& samples);

// Checks a rating. INVALID_ARGUMENT names the field. `now` is used if the message has no time.
absl::StatusOr<evaluator::Rating> ToRating(const assay::v1::Rating& rating, const SampleKeys& keys,
                                           absl::Time now);

assay::v1::Rating ToProto(const std::string& evaluation_id, const evaluator::EvaluationPlan& plan,
                          const evaluator::Rating& rating);
void ToProto(const evaluator::RatingSummary& summary, assay::v1::SummarizeRatingsResponse* out);

}  // namespace assay::server

#endif  // ASSAY_SERVER_WIRE_RATING_PROTO_H_
