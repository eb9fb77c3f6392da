// The exit codes of the CLI.
#ifndef ASSAY_CLIENT_TERMINAL_EXIT_CODE_H_
#define ASSAY_CLIENT_TERMINAL_EXIT_CODE_H_

namespace assay::client {

inline constexpr int kExitOk = 0;
// The request failed on the server; the evaluation failed or was cancelled; a gate was checked on
// an evaluation that still runs; `assay health` was negative.
inline constexpr int kExitFailed = 1;
// The command line or an input file is wrong, or the server returned INVALID_ARGUMENT.
inline constexpr int kExitUsage = 2;
// No server answers at the address.
inline constexpr int kExitUnreachable = 3;
// There is no such model, evaluation or file.
inline constexpr int kExitNotFound = 4;
// The server refused for now (RESOURCE_EXHAUSTED, UNAVAILABLE). The same request may work later.
inline constexpr int kExitTryAgain = 5;
// The deadline of --timeout, or the server's own, passed.
inline constexpr int kExitDeadline = 6;
// The results fail the gate, or the evaluation did not finish.
inline constexpr int kExitGate = 7;
// `assay inspect`: the server cannot load the model, because of its files or of the memory.
inline constexpr int kExitCannotLoad = 8;
// The gate does not fail, but the evidence is too thin for a clause on a difference.
inline constexpr int kExitUndecided = 9;
// The user pressed Ctrl-C.
inline constexpr int kExitInterrupted = 130;

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_EXIT_CODE_H_
