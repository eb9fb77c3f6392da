// A scorer that runs a user's program.
#ifndef ASSAY_EVALUATOR_SCORING_COMMAND_SCORER_H_
#define ASSAY_EVALUATOR_SCORING_COMMAND_SCORER_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "evaluator/scoring/scorer.h"

namespace assay::evaluator {

struct CommandScorerOptions {
  std::string name;
  // The program's version. It must change when the program scores differently.
  std::string version = "1";
  // A program (a path, or a name that is looked up in PATH) and its arguments. No shell is used.
  std::vector<std::string> command;
  absl::Duration timeout = absl::Seconds(30);
};

// Scores each text by starting the program once. The program reads one JSON object from standard
// input ({"content_type", "prompt", "text", "finish_reason", "reference"}) and writes one to
// standard output: {"score": 0 to 10, "parts": {"name": number}}. "parts" is optional and has at
// most 64 names of at most 64 bytes each. Errors:
// - NOT_FOUND: the program does not exist.
// - DEADLINE_EXCEEDED: the timeout passed; the program's whole process group is killed.
// - RESOURCE_EXHAUSTED: the program wrote more than 1 MiB.
// - INTERNAL: the program did not start, exited with a code other than 0 (the message has the first
//   line of standard error), wrote no JSON object, or wrote a score out of range.
// Thread-safe. `command` must only come from the server's own configuration.
class CommandScorer final : public Scorer {
 public:
  explicit CommandScorer(CommandScorerOptions options) : options_(std::move(options)) {}

  std::string_view name() const override { return options_.name; }
  std::string version() const override { return options_.version; }
  absl::StatusOr<Score> ScoreText(const ScoreInput& input) const override;

 private:
  const CommandScorerOptions options_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_COMMAND_SCORER_H_
