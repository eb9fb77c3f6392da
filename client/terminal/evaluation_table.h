// An evaluation as a person reads it.
#ifndef ASSAY_CLIENT_TERMINAL_EVALUATION_TABLE_H_
#define ASSAY_CLIENT_TERMINAL_EVALUATION_TABLE_H_

#include <string>

#include "assay/v1/evaluation.pb.h"

namespace assay::client {

// One row a model and content type, the model's own "all" after its types: samples, failures, mean
// quality with its 95 % interval, latency, first token, tokens a second, cost. Figures without a
// successful sample behind them are "-".
std::string EvaluationTable(const v1::Evaluation& evaluation);

// Newest first: id, state, progress, start, name.
std::string EvaluationList(const v1::ListEvaluationsResponse& reply);

// "SUCCEEDED" as "succeeded".
std::string StateWord(v1::EvaluationState state);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_EVALUATION_TABLE_H_
