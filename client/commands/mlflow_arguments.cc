// Parses `mlflow`.
#include "client/commands/mlflow_arguments.h"

#include "CLI/CLI.hpp"
#include "client/commands/arguments.h"

namespace assay::client {
namespace {

constexpr double kMaxWaitSeconds = 600;

constexpr char kMlflowHelp[] =
    "Finished evaluations wait in an outbox on the server's disk until MLflow has them. The "
    "server\n"
    "retries by itself; `flush` retries all of them now, also those that MLflow rejected.\n"
    "Exit codes: 0 the outbox is empty, 1 runs are left.\n"
    "Examples:\n"
    "  assay mlflow status\n"
    "  assay mlflow flush\n"
    "  assay mlflow flush --wait 300 && sudo systemctl stop assayd";

}  // namespace

void AddMlflow(CLI::App& app, Arguments& arguments) {
  CLI::App* group =
      app.add_subcommand("mlflow", "Show and flush the runs that wait for upload to MLflow");
  group->require_subcommand(1);
  group->footer(kMlflowHelp);
  CLI::App* status = group->add_subcommand(
      "status", "Show whether MLflow answers, and which runs wait with which error");
  status->footer(kMlflowHelp);
  status->callback([&arguments] { arguments.command = Command::kMlflowStatus; });
  CLI::App* flush =
      group->add_subcommand("flush", "Upload all waiting runs now and show what is left");
  flush
      ->add_option("--wait", arguments.mlflow.wait_seconds,
                   "Seconds to wait for the uploads, up to 600 (default 30)")
      ->check(CLI::Range(0.0, kMaxWaitSeconds));
  flush->footer(kMlflowHelp);
  flush->callback([&arguments] { arguments.command = Command::kMlflowFlush; });
}

}  // namespace assay::client
