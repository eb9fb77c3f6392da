// The entry point of the CLI, independent of the process.
#ifndef ASSAY_CLIENT_RUN_CLI_H_
#define ASSAY_CLIENT_RUN_CLI_H_

#include <string>
#include <vector>

#include "client/terminal/console.h"
#include "client/terminal/interrupt.h"

namespace assay::client {

// Runs the command line `words`, without the program's name, and returns the exit code
// (client/terminal/exit_code.h). Blocks until the command ends. Another thread may raise
// `interrupt` to end it early.
int RunCli(const std::vector<std::string>& words, Streams& streams, Interrupt& interrupt);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_RUN_CLI_H_
