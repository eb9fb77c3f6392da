// The options of `evaluations delete`.
#ifndef ASSAY_CLIENT_COMMANDS_DELETION_ARGUMENTS_H_
#define ASSAY_CLIENT_COMMANDS_DELETION_ARGUMENTS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace CLI {
class App;
}  // namespace CLI

namespace assay::client {

struct Arguments;

// The evaluations to delete, either by name or by a filter.
struct DeletionOptions {
  std::vector<std::string> ids;
  // Only evaluations that ended before this time.
  absl::Time before = absl::InfiniteFuture();
  // "succeeded", "failed" or "cancelled". Empty: all three.
  std::string state;
  bool force = false;
  bool dry_run = false;
  // Does not ask.
  bool yes = false;
};

// Adds the command to `group`. `arguments` must outlive it.
void AddDeleteEvaluations(CLI::App* group, Arguments& arguments);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_DELETION_ARGUMENTS_H_
