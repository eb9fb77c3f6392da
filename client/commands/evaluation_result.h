// The result of an evaluation, as `evaluate` and `evaluations get` print it.
#ifndef ASSAY_CLIENT_COMMANDS_EVALUATION_RESULT_H_
#define ASSAY_CLIENT_COMMANDS_EVALUATION_RESULT_H_

#include "assay/v1/evaluation.pb.h"
#include "client/terminal/console.h"

namespace assay::client {

// Returns kExitFailed if the evaluation failed or was cancelled, otherwise kExitOk.
int ExitCodeOf(const v1::Evaluation& evaluation);

// Writes the state, the result table, the ranking and the decisions to out, and an error to err.
void WriteResult(const v1::Evaluation& evaluation, Streams& streams);

// Writes the address of each MLflow run to out.
void WriteRuns(const v1::Evaluation& evaluation, Streams& streams);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_EVALUATION_RESULT_H_
