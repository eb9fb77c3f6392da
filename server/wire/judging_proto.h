// Conversions of judgments to protobuf.
#ifndef ASSAY_SERVER_WIRE_JUDGING_PROTO_H_
#define ASSAY_SERVER_WIRE_JUDGING_PROTO_H_

#include "assay/v1/judging.pb.h"
#include "evaluator/judging/pair_judging.h"
#include "evaluator/raters/judgment_summary.h"

namespace assay::server {

void ToProto(const evaluator::JudgingProgress& progress, assay::v1::JudgingProgress* out);

// Fills the message from all stored judgments and from what this call has done.
void ToProto(const evaluator::JudgmentSummary& summary, const evaluator::JudgingProgress& call,
             assay::v1::JudgingSummary* out);

}  // namespace assay::server

#endif  // ASSAY_SERVER_WIRE_JUDGING_PROTO_H_
