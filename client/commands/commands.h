// The commands: each talks to a connected server and returns the exit code.
#ifndef ASSAY_CLIENT_COMMANDS_COMMANDS_H_
#define ASSAY_CLIENT_COMMANDS_COMMANDS_H_

#include "client/commands/arguments.h"
#include "client/rpc/connection.h"
#include "client/terminal/console.h"

namespace assay::client {

// What a command works with. Borrowed for the call.
struct Session {
  const Arguments& arguments;
  Connection& connection;
  Streams& streams;
};

int Generate(const Session& session);
// The evaluation's own job goes on when the client leaves, on Ctrl-C too.
int Evaluate(const Session& session);
int ListEvaluations(const Session& session);
int GetEvaluation(const Session& session);
int CancelEvaluation(const Session& session);
int ReportEvaluation(const Session& session);
int CompareEvaluations(const Session& session);
int GateEvaluation(const Session& session);
// Every model, or the one that is named.
int Models(const Session& session);
int Load(const Session& session);
// Downloads without loading; what has come when it breaks off is kept.
int Pull(const Session& session);
int Unload(const Session& session);
// The server reads its catalog again.
int Reload(const Session& session);
int Inspect(const Session& session);
// Of the server, or of the model that is named; kExitFailed: does not serve.
int Health(const Session& session);
int ShowRoutes(const Session& session);
int SetRoutes(const Session& session);
int ResetRoutes(const Session& session);
int ExplainRoute(const Session& session);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_COMMANDS_H_
