// The message of an error in the command line.
#ifndef ASSAY_CLIENT_COMMANDS_USAGE_ERROR_H_
#define ASSAY_CLIENT_COMMANDS_USAGE_ERROR_H_

#include <string>

#include "CLI/CLI.hpp"

namespace assay::client {

// Returns the message for `error`, which parsing `app` threw. CLI11 reports an unknown command as a
// missing one; this names the word and the command that was probably meant: the nearest name, or
// our name for a command of similar tools.
std::string DescribeUsageError(const CLI::App& app, const CLI::ParseError& error);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_USAGE_ERROR_H_
