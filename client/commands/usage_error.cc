// Names unknown commands and suggests the right one.
#include "client/commands/usage_error.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/near_name.h"

namespace assay::client {
namespace {

// Commands of similar tools, and our command for the same task.
struct ForeignCommand {
  std::string_view name;
  std::string_view ours;
};
constexpr std::array<ForeignCommand, 23> kForeignCommands = {{
    {"run", "generate"},  {"chat", "generate"}, {"complete", "generate"}, {"prompt", "generate"},
    {"eval", "evaluate"}, {"test", "evaluate"}, {"bench", "evaluate"},    {"benchmark", "evaluate"},
    {"ps", "models"},     {"ls", "models"},     {"list", "models"},       {"show", "models"},
    {"start", "load"},    {"stop", "unload"},   {"rm", "unload"},         {"download", "pull"},
    {"ping", "health"},   {"status", "health"}, {"ls", "list"},           {"show", "get"},
    {"diff", "compare"},  {"check", "gate"},    {"stop", "cancel"},
}};

std::string SuggestCommand(const std::string& word, const std::vector<std::string>& commands) {
  if (std::string near = NearestName(word, commands); !near.empty()) return near;
  for (const ForeignCommand& foreign : kForeignCommands) {
    const bool offered =
        std::find(commands.begin(), commands.end(), foreign.ours) != commands.end();
    if (offered && word == foreign.name) return std::string(foreign.ours);
  }
  return "";
}

}  // namespace

std::string DescribeUsageError(const CLI::App& app, const CLI::ParseError& error) {
  const int code = error.get_exit_code();
  const bool is_missing = code == static_cast<int>(CLI::ExitCodes::RequiredError);
  const bool is_extra = code == static_cast<int>(CLI::ExitCodes::ExtrasError);
  const CLI::App* group = &app;
  while (!group->get_subcommands().empty()) group = group->get_subcommands().front();
  std::vector<std::string> commands;
  for (const CLI::App* command : group->get_subcommands({})) {
    commands.push_back(command->get_name());
  }
  if ((!is_missing && !is_extra) || commands.empty()) return error.what();
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  if (unknown.empty() || absl::StartsWith(unknown.front(), "-")) {
    return is_missing ? absl::StrCat("a command is required: ", absl::StrJoin(commands, ", "))
                      : error.what();
  }
  const std::string& word = unknown.front();
  if (group == &app && word == "serve") return "unknown command 'serve'; the server is `assayd`";
  const std::string suggestion = SuggestCommand(word, commands);
  return absl::StrCat("unknown command '", word, "'; ",
                      suggestion.empty()
                          ? absl::StrCat("the commands are ", absl::StrJoin(commands, ", "))
                          : absl::StrCat("did you mean '", suggestion, "'?"));
}

}  // namespace assay::client
