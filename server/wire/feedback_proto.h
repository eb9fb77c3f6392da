// Converts the messages of assay.v1.FeedbackService to the evaluator's types and back.
#ifndef ASSAY_SERVER_WIRE_FEEDBACK_PROTO_H_
#define ASSAY_SERVER_WIRE_FEEDBACK_PROTO_H_

#include "absl/status/statusor.h"
#include "assay/v1/feedback.pb.h"
#include "evaluator/records/feedback.h"

namespace assay::server {

// Checks every field but the request's id. Computes the edit distance if the request has texts.
// INVALID_ARGUMENT names the field.
absl::StatusOr<evaluator::FeedbackValues> ToValues(const assay::v1::GiveFeedbackRequest& request);

void ToProto(const evaluator::Feedback& feedback, assay::v1::Feedback* out);
void ToProto(const evaluator::FeedbackResult& result, assay::v1::GiveFeedbackResponse* out);
void ToProto(const evaluator::FeedbackTotals& totals, assay::v1::FeedbackSummary* out);

}  // namespace assay::server

#endif  // ASSAY_SERVER_WIRE_FEEDBACK_PROTO_H_
