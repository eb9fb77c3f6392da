// Parses `evaluations delete`.
#include "client/commands/deletion_arguments.h"

#include "CLI/CLI.hpp"
#include "absl/time/clock.h"
#include "client/commands/arguments.h"
#include "client/commands/option_kinds.h"

namespace assay::client {
namespace {

constexpr char kDeleteHelp[] =
    "Deletes evaluations that have ended, for good: samples, ratings, judgments, results, and "
    "what\n"
    "still waits for MLflow. Runs that are in MLflow stay there. An evaluation on which an auto\n"
    "route rests is left, unless --force is given: the route may change then. On a terminal, the\n"
    "command shows what it would delete and asks first.\n"
    "Examples:\n"
    "  assay evaluations delete ev-20260131-101500-a1b2c3\n"
    "  assay evaluations delete --before 90d --dry-run\n"
    "  assay evaluations delete --before 2026-01-31 --state failed --yes\n"
    "  assay evaluations delete --state cancelled";

// Reads "30d" as the time so long ago, "2026-01-31" as the beginning of that day in local time, or
// a time of RFC 3339. Returns the error, or an empty string.
std::string ReadBefore(const std::string& text, absl::Time* time) {
  double seconds = 0;
  const std::string error = ReadAge(text, &seconds);
  if (error.empty()) {
    *time = absl::Now() - absl::Seconds(seconds);
    return "";
  }
  std::string ignored;
  const bool is_time = absl::ParseTime("%Y-%m-%d", text, absl::LocalTimeZone(), time, &ignored) ||
                       absl::ParseTime(absl::RFC3339_full, text, time, &ignored);
  return is_time ? "" : "must be an age such as 30d or 36h, or a date such as 2026-01-31";
}

}  // namespace

void AddDeleteEvaluations(CLI::App* group, Arguments& arguments) {
  DeletionOptions& o = arguments.deletion;
  CLI::App* command =
      group->add_subcommand("delete", "Delete evaluations that have ended, for good");
  command->footer(kDeleteHelp);
  CLI::Option* ids = command->add_option("id", o.ids, "Ids of the evaluations");
  CLI::Option* before = command->add_option_function<std::string>(
      "--before",
      [&o](const std::string& text) {
        if (const std::string error = ReadBefore(text, &o.before); !error.empty()) {
          throw CLI::ValidationError("--before", error);
        }
      },
      "Those that ended before: an age (30d, 36h), a date (2026-01-31) or a time of RFC 3339");
  CLI::Option* state = command->add_option("--state", o.state, "Those in this state")
                           ->check(CLI::IsMember({"succeeded", "failed", "cancelled"}));
  ids->excludes(before)->excludes(state);
  command->add_flag("--force", o.force, "Also delete evaluations on which routes rest");
  command->add_flag("--dry-run", o.dry_run, "Delete nothing; show what would be deleted");
  command->add_flag("--yes,-y", o.yes, "Do not ask");
  command->callback([&arguments, &o] {
    if (o.ids.empty() && o.before == absl::InfiniteFuture() && o.state.empty()) {
      throw CLI::RequiredError("id, --before or --state");
    }
    arguments.command = Command::kDeleteEvaluations;
  });
}

}  // namespace assay::client
