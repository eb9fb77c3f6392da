// The options of `prompts`, and those of `evaluate` that say where prompts come from.
#ifndef ASSAY_CLIENT_COMMANDS_PROMPT_ARGUMENTS_H_
#define ASSAY_CLIENT_COMMANDS_PROMPT_ARGUMENTS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace assay::client {

struct Arguments;
struct EvaluateOptions;

// The options of `prompts`.
struct PromptLogOptions {
  std::string content_type;
  // Only prompts of the last so many seconds (`list`, `export`) or of before that (`delete`). 0:
  // all.
  double age_seconds = 0;
  // For `delete`.
  std::string request_id;
  bool all = false;
  // For `export`: the file, the number of prompts to choose at random (0: all), the seed, and the
  // content type of prompts that have none (empty: they are left out).
  std::string output;
  int64_t sample = 0;
  uint64_t seed = 0;
  std::string untyped_as;
};

// Adds --prompts, --prompts-file, the columns and the sample to `evaluate`, and to `options`.
void AddPromptSource(CLI::App* command, EvaluateOptions& o, std::vector<CLI::Option*>* options);

// Adds the commands to the parser. `arguments` must outlive it.
void AddPrompts(CLI::App& app, Arguments& arguments);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_PROMPT_ARGUMENTS_H_
