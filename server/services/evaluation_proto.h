// Converts the evaluator's records to messages.
#ifndef ASSAY_SERVER_SERVICES_EVALUATION_PROTO_H_
#define ASSAY_SERVER_SERVICES_EVALUATION_PROTO_H_

#include "assay/v1/evaluation.pb.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/run/runner.h"

namespace assay::server {

void ToProto(const evaluator::Sample& sample, assay::v1::SampleResult* out);
void ToProto(const evaluator::Evaluation& evaluation, assay::v1::Evaluation* out);
void ToProto(const evaluator::Progress& progress, assay::v1::EvaluationProgress* out);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_EVALUATION_PROTO_H_
