// Options that say how long ago, or how far ahead.
#ifndef ASSAY_CLIENT_COMMANDS_AGE_ARGUMENT_H_
#define ASSAY_CLIENT_COMMANDS_AGE_ARGUMENT_H_

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace assay::client {

// Reads "7d", "36h" or "90m". Returns the error, or an empty string.
std::string ReadAge(const std::string& text, double* seconds);

// Adds an option whose value is a time such as 7d, 36h or 90m, and stores it in seconds. `seconds`
// must outlive the parser.
void AddAge(CLI::App* command, const std::string& name, double* seconds, const std::string& help);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_AGE_ARGUMENT_H_
