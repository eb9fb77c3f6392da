// Parses `keys`.
#include "client/commands/key_arguments.h"

#include "CLI/CLI.hpp"
#include "client/commands/arguments.h"
#include "client/commands/option_kinds.h"

namespace assay::client {
namespace {

constexpr int kHighestPriority = 100;
constexpr double kMinShare = 0.01;
constexpr double kMaxShare = 100;

constexpr char kKeysHelp[] =
    "Keys are asked for if `access.keys` is \"required\" in assayd.yaml. The server's own user "
    "needs\n"
    "none at its Unix socket: --address unix:STATE_DIR/assayd.sock.\n"
    "Roles: generate (texts, vectors, feedback), evaluate (evaluations, ratings, judgments),\n"
    "metrics (the Prometheus endpoint), admin (everything).\n"
    "Examples:\n"
    "  assay keys create website --role generate --requests-per-minute 60 --expires 90d\n"
    "  assay keys create prometheus --role metrics\n"
    "  assay keys list\n"
    "  assay keys revoke website\n"
    "  ASSAY_API_KEY=assay_... assay generate \"Hello\"";

void AddCreate(CLI::App* group, Arguments& arguments) {
  KeyOptions& o = arguments.keys;
  CLI::App* create =
      group->add_subcommand("create", "Create a key and print it; it is shown this once");
  create->add_option("name", o.key, "Name of the key, such as the service that uses it")
      ->required();
  AddList(create, "--role", o.roles, "generate, evaluate, metrics or admin (repeatable)")
      ->required()
      ->check(CLI::IsMember({"generate", "evaluate", "metrics", "admin"}));
  AddAge(create, "--expires", &o.expires_in_seconds,
         "The key is valid for 90d, 12h, ... (default: forever)");
  create
      ->add_option("--requests-per-minute", o.requests_per_minute,
                   "Maximum number of calls a minute (default: no limit)")
      ->check(CLI::PositiveNumber);
  create
      ->add_option("--max-concurrent", o.max_concurrent,
                   "Maximum number of calls that run at the same time (default: no limit)")
      ->check(CLI::PositiveNumber);
  create
      ->add_option("--tokens-per-day", o.tokens_per_day,
                   "Maximum number of prompt and generated tokens a day in UTC (default: no limit)")
      ->check(CLI::PositiveNumber);
  create
      ->add_option("--max-priority", o.max_priority,
                   "Requests of a higher priority run with this one (default 0)")
      ->check(CLI::Range(-kHighestPriority, kHighestPriority));
  create
      ->add_option("--share", o.share,
                   "Share of a busy model, relative to the shares of other keys (default 1)")
      ->check(CLI::Range(kMinShare, kMaxShare));
  AddList(create, "--model", o.models, "Id of a model that may be used (repeatable; default: all)");
  create->callback([&arguments] { arguments.command = Command::kCreateKey; });
}

}  // namespace

void AddKeys(CLI::App& app, Arguments& arguments) {
  CLI::App* group = app.add_subcommand("keys", "Create, list and revoke the keys of callers");
  group->require_subcommand(1);
  group->footer(kKeysHelp);
  AddCreate(group, arguments);
  group->add_subcommand("list", "List the keys")->callback([&arguments] {
    arguments.command = Command::kListKeys;
  });
  CLI::App* revoke = group->add_subcommand("revoke", "Revoke a key at once");
  revoke->add_option("key", arguments.keys.key, "Name or id of the key")->required();
  revoke->callback([&arguments] { arguments.command = Command::kRevokeKey; });
}

}  // namespace assay::client
