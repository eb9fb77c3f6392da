// Converts the evaluator's analysis to messages.
#ifndef ASSAY_SERVER_WIRE_ANALYSIS_PROTO_H_
#define ASSAY_SERVER_WIRE_ANALYSIS_PROTO_H_

#include "assay/v1/evaluation.pb.h"
#include "evaluator/analysis/advice.h"
#include "evaluator/analysis/forecast.h"
#include "evaluator/analysis/gate.h"
#include "evaluator/analysis/prompt_differences.h"
#include "evaluator/records/analysis_result.h"
#include "evaluator/records/known_answer_task.h"
#include "evaluator/records/scaling_records.h"

namespace assay::server {

void ToProto(const evaluator::Comparison& comparison, assay::v1::Comparison* out);
void ToProto(const evaluator::Advice& advice, assay::v1::Advice* out);
void ToProto(const evaluator::PromptDifference& difference, assay::v1::PromptDifference* out);
void ToProto(const evaluator::Analysis& analysis, assay::v1::Analysis* out);
void ToProto(const evaluator::ScalingPoint& point, assay::v1::ScalingPoint* out);
void ToProto(const evaluator::Forecast& forecast, assay::v1::EvaluationForecast* out);
void ToProto(const evaluator::GateResult& result, assay::v1::GateResult* out);
void ToProto(const evaluator::TaskAnswer& answer, assay::v1::TaskAnswer* out);

}  // namespace assay::server

#endif  // ASSAY_SERVER_WIRE_ANALYSIS_PROTO_H_
