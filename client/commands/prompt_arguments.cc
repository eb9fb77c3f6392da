// Parses `prompts`, and the options of `evaluate` that say where prompts come from.
#include "client/commands/prompt_arguments.h"

#include "CLI/CLI.hpp"
#include "absl/strings/numbers.h"
#include "client/commands/arguments.h"
#include "client/commands/option_kinds.h"

namespace assay::client {
namespace {

constexpr int kMaxListLimit = 1000;
constexpr int kMaxPrompts = 10'000;

constexpr char kPromptsHelp[] =
    "The server records prompts only if `recording.prompts` is true in assayd.yaml (default: "
    "false).\n"
    "It replaces e-mail addresses, numbers and secrets of known forms before it stores them; "
    "names\n"
    "and postal addresses stay. `export` writes a file for `assay evaluate --prompts`; of prompts\n"
    "with the same text and system message, it writes one.\n"
    "Examples:\n"
    "  assay prompts list --content-type email\n"
    "  assay prompts export --content-type email --since 7d --sample 50 --output prompts.jsonl\n"
    "  assay evaluate --prompts prompts.jsonl\n"
    "  assay prompts delete --older-than 30d\n"
    "  assay prompts delete --all";

}  // namespace

void AddPromptSource(CLI::App* command, EvaluateOptions& o, std::vector<CLI::Option*>* options) {
  CLI::Option* prompts =
      command
          ->add_option_function<std::vector<std::string>>(
              "--prompts",
              [&o](const std::vector<std::string>& words) {
                for (const std::string& word : words) {
                  int32_t count = 0;
                  if (!absl::SimpleAtoi(word, &count)) {
                    o.prompts_file = word;
                  } else if (count < 0) {
                    throw CLI::ValidationError("--prompts", "must not be negative");
                  } else {
                    o.prompts_per_type = count;
                  }
                }
              },
              "Number of prompts per content type, from the start of the set (0, the default, is "
              "all); or your own prompts: a file (.jsonl, .csv, .tsv, .parquet, .arrow, .feather) "
              "or "
              "hf:OWNER/NAME[/CONFIG][@REVISION][:SPLIT], a data set in the local cache "
              "(repeatable "
              "for both)")
          ->take_all()
          ->expected(1)
          ->allow_extra_args(false);
  CLI::Option* file =
      command->add_option("--prompts-file", o.prompts_file, "The same as --prompts FILE");
  options->insert(options->end(), {prompts, file});
  const auto add_column = [&](const char* name, std::string& column, const char* help) {
    options->push_back(command->add_option(name, column, help));
  };
  add_column(
      "--prompt-column", o.prompt_columns.prompt,
      "Column (or JSON key) of the prompts (default: prompt, else messages or conversations)");
  add_column("--id-column", o.prompt_columns.id,
             "Column of the ids (default: id, else the numbers of the rows)");
  add_column("--content-type-column", o.prompt_columns.content_type,
             "Column of the content types (default: content_type, else the only --content-type)");
  add_column("--system-column", o.prompt_columns.system,
             "Column of the system messages (default: system, if there is one)");
  add_column("--reference-column", o.prompt_columns.reference,
             "Column of good answers (default: reference, if there is one)");
  add_column("--cluster-column", o.prompt_columns.cluster,
             "Column of what prompts have in common (default: cluster, if there is one)");
  options->push_back(command
                         ->add_option("--prompt-limit", o.prompt_limit,
                                      "Take a random sample of so many rows, not the first ones")
                         ->check(CLI::Range(1, kMaxPrompts)));
  options->push_back(
      command->add_option("--prompt-seed", o.prompt_seed,
                          "Seed of --prompt-limit: the same seed takes the same rows (default 0)"));
}

void AddPrompts(CLI::App& app, Arguments& arguments) {
  PromptLogOptions& o = arguments.prompts;
  CLI::App* group =
      app.add_subcommand("prompts", "List, export and delete the prompts that the server recorded");
  group->require_subcommand(1);
  group->footer(kPromptsHelp);
  const auto add = [&](const char* name, const char* help, Command command) {
    CLI::App* sub = group->add_subcommand(name, help);
    sub->add_option("--content-type", o.content_type, "Only this content type");
    sub->callback([&arguments, command] { arguments.command = command; });
    return sub;
  };
  CLI::App* list = add("list", "List recorded prompts, newest first", Command::kListPrompts);
  AddAge(list, "--since", &o.age_seconds, "Only prompts of the last 7d, 36h, 90m, ...");
  list->add_option("--limit", arguments.limit, "Maximum number of prompts (default 50)")
      ->check(CLI::Range(1, kMaxListLimit));
  CLI::App* exporting =
      add("export", "Write recorded prompts as a file for `assay evaluate --prompts`",
          Command::kExportPrompts);
  AddAge(exporting, "--since", &o.age_seconds, "Only prompts of the last 7d, 36h, 90m, ...");
  exporting
      ->add_option("--sample", o.sample, "Take a random sample of so many prompts (default: all)")
      ->check(CLI::Range(1, kMaxPrompts));
  exporting->add_option("--seed", o.seed,
                        "Seed of --sample: the same seed takes the same prompts (default 0)");
  exporting->add_option("--untyped-as", o.untyped_as,
                        "Content type of prompts that have none (default: they are left out)");
  exporting->add_option("--output,-o", o.output, "File, .jsonl")->required();
  CLI::App* deleting = add("delete", "Delete recorded prompts for good", Command::kDeletePrompts);
  AddAge(deleting, "--older-than", &o.age_seconds, "Only prompts older than 7d, 36h, 90m, ...");
  deleting->add_option("--request-id", o.request_id, "Only the prompt of this request");
  deleting->add_flag("--all", o.all, "Delete all of them");
}

}  // namespace assay::client
