// The commands of the CLI. Each connects, calls the daemon, prints, and returns an exit code
// (client/terminal/exit_code.h).
#ifndef ASSAY_CLIENT_COMMANDS_COMMANDS_H_
#define ASSAY_CLIENT_COMMANDS_COMMANDS_H_

#include "client/commands/session.h"

namespace assay::client {

int Generate(const Session& session);
// Prints the vectors of texts, or their cosine similarities.
int Embed(const Session& session);
// Prints the scores of a text with their parts and reasons.
int Score(const Session& session);
// Starts an evaluation and follows it. The evaluation continues on the server when the client
// leaves, also on Ctrl-C.
int Evaluate(const Session& session);
int ListEvaluations(const Session& session);
int GetEvaluation(const Session& session);
int CancelEvaluation(const Session& session);
// Deletes evaluations; asks first on a terminal.
int DeleteEvaluations(const Session& session);
int ReportEvaluation(const Session& session);
int CompareEvaluations(const Session& session);
int GateEvaluation(const Session& session);
// Shows the texts of two candidates for one prompt.
int DiffEvaluation(const Session& session);
// Lists every model, or shows the one that the command names.
int Models(const Session& session);
int Load(const Session& session);
// Downloads a model without loading it. Keeps what was downloaded before a failure.
int Pull(const Session& session);
int Unload(const Session& session);
// Makes the server read its catalog again.
int Reload(const Session& session);
int Inspect(const Session& session);
// Checks the server, or the model that the command names. Returns kExitFailed if it does not serve.
int Health(const Session& session);
int ShowRoutes(const Session& session);
int SetRoutes(const Session& session);
int ResetRoutes(const Session& session);
int ExplainRoute(const Session& session);
int GiveFeedback(const Session& session);
int ListFeedback(const Session& session);
int SummarizeFeedback(const Session& session);
// Compares the arms of a weighted route.
int CompareArms(const Session& session);
// Shows texts without their models and records the user's ratings, one at a time.
int Rate(const Session& session);
int SummarizeRatings(const Session& session);
int ExportRatings(const Session& session);
int ImportRatings(const Session& session);
// Makes judges compare the texts of an evaluation. Returns kExitFailed if no judge decided a pair.
int Judge(const Session& session);
// Shows the outbox to MLflow, or flushes it. Both return kExitFailed if runs are left.
int MlflowStatus(const Session& session);
int MlflowFlush(const Session& session);
// Shows, writes to a file, or deletes the prompts that the server recorded.
int ListPrompts(const Session& session);
int ExportPrompts(const Session& session);
int DeletePrompts(const Session& session);
int CreateKey(const Session& session);
int ListKeys(const Session& session);
int RevokeKey(const Session& session);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_COMMANDS_H_
