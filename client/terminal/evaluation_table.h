// Evaluations as text.
#ifndef ASSAY_CLIENT_TERMINAL_EVALUATION_TABLE_H_
#define ASSAY_CLIENT_TERMINAL_EVALUATION_TABLE_H_

#include <string>

#include "assay/v1/evaluation.pb.h"

namespace assay::client {

// One row per model and content type, and one per model over all types: samples, failures, mean
// quality with its 95 % interval, latency, time to first token, tokens per second and cost. Means
// without a successful sample are "-".
std::string EvaluationTable(const v1::Evaluation& evaluation);

// One row per evaluation, newest first: id, state, progress, start and name.
std::string EvaluationList(const v1::ListEvaluationsResponse& reply);

// Stands for an interval, a rank or a verdict over too few prompts.
inline constexpr char kTooFewMark[] = "*";

// Returns the state in lower case, such as "succeeded".
std::string StateWord(v1::EvaluationState state);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_EVALUATION_TABLE_H_
