// Kinds of options that several commands have.
#ifndef ASSAY_CLIENT_COMMANDS_OPTION_KINDS_H_
#define ASSAY_CLIENT_COMMANDS_OPTION_KINDS_H_

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace assay::client {

// Reads "7d", "36h" or "90m". Returns the error, or an empty string.
std::string ReadAge(const std::string& text, double* seconds);

// Adds an option whose value is a time such as 7d, 36h or 90m, and stores it in seconds. `seconds`
// must outlive the parser.
void AddAge(CLI::App* command, const char* name, double* seconds, const std::string& help);

// Adds an option that may be repeated and takes one value each time. `words` must outlive the
// parser.
CLI::Option* AddList(CLI::App* command, const std::string& name, std::vector<std::string>& words,
                     const std::string& help);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_OPTION_KINDS_H_
