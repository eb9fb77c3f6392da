// Converts the evaluator's records to messages, and a message's report format to the evaluator's.
#ifndef ASSAY_SERVER_WIRE_EVALUATION_PROTO_H_
#define ASSAY_SERVER_WIRE_EVALUATION_PROTO_H_

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.pb.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/report/recorded_reports.h"
#include "evaluator/run/runner.h"

namespace assay::server {

assay::v1::EvaluationState StateToProto(evaluator::EvaluationState state);
void ToProto(const evaluator::Sample& sample, assay::v1::SampleResult* out);
void ToProto(const evaluator::Evaluation& evaluation, assay::v1::Evaluation* out);
void ToProto(const evaluator::Progress& progress, assay::v1::EvaluationProgress* out);

// Unspecified is Markdown. Returns INVALID_ARGUMENT for a number that is not a ReportFormat.
absl::StatusOr<evaluator::ReportFormat> FromProto(assay::v1::ReportFormat format);

}  // namespace assay::server

#endif  // ASSAY_SERVER_WIRE_EVALUATION_PROTO_H_
