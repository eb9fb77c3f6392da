// What the CLI's exit status says.
#ifndef ASSAY_CLIENT_TERMINAL_EXIT_CODE_H_
#define ASSAY_CLIENT_TERMINAL_EXIT_CODE_H_

namespace assay::client {

inline constexpr int kExitOk = 0;
// The request failed on the server; also an evaluation that FAILED or was cancelled, a gate on one
// that still runs, and a server that does not serve (health).
inline constexpr int kExitFailed = 1;
// Bad command line, bad prompts file, or INVALID_ARGUMENT from the server.
inline constexpr int kExitUsage = 2;
// No server answers at the address.
inline constexpr int kExitUnreachable = 3;
// No such model or evaluation.
inline constexpr int kExitNotFound = 4;
// Refused for now (RESOURCE_EXHAUSTED, UNAVAILABLE): the same request may work later.
inline constexpr int kExitTryAgain = 5;
// --timeout ran out, or the server's own deadline.
inline constexpr int kExitDeadline = 6;
// The results do not meet the gate, or the evaluation did not come to its end.
inline constexpr int kExitGate = 7;
// `assay inspect`: the model cannot be loaded on the server, by its files or by the memory there.
inline constexpr int kExitCannotLoad = 8;
// Ctrl-C.
inline constexpr int kExitInterrupted = 130;

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_EXIT_CODE_H_
