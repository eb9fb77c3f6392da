// The options of `assay generate`.
#ifndef ASSAY_CLIENT_COMMANDS_GENERATE_ARGUMENTS_H_
#define ASSAY_CLIENT_COMMANDS_GENERATE_ARGUMENTS_H_

#include <cstdint>
#include <string>

#include "CLI/CLI.hpp"
#include "client/commands/arguments.h"

namespace assay::client {

// What is added to the logit of a token.
struct LogitBias {
  int32_t token = 0;
  float bias = 0;
};

// Reads "TOKEN=BIAS". Returns false if the text is something else.
bool ParseLogitBias(const std::string& text, LogitBias* bias);

// Adds the subcommand `generate`. `arguments` must outlive the app.
void AddGenerate(CLI::App& app, Arguments& arguments);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_GENERATE_ARGUMENTS_H_
