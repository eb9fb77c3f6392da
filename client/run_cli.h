// The whole CLI as a function.
#ifndef ASSAY_CLIENT_RUN_CLI_H_
#define ASSAY_CLIENT_RUN_CLI_H_

#include <string>
#include <vector>

#include "client/terminal/console.h"
#include "client/terminal/interrupt.h"

namespace assay::client {

// Runs `assay words...` (the program's name not included) and returns its exit code
// (client/terminal/exit_code.h). Blocks until the command is done; raising `interrupt` from another
// thread ends it early.
int RunCli(const std::vector<std::string>& words, Streams& streams, Interrupt& interrupt);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_RUN_CLI_H_
