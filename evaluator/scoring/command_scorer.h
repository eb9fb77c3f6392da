// A scorer that is a program of the user's.
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
  // Of the program: another gives other scores.
  std::string version = "1";
  // A program (a path, or found in PATH) and its arguments; no shell.
  std::vector<std::string> command;
  absl::Duration timeout = absl::Seconds(30);
};

// Starts the program for every text. It reads one JSON object from standard input ({"content_type",
// "prompt", "text", "finish_reason", "reference"}), and writes one to standard output: {"score": 0
// to 10, "parts": {"name": number}}; parts are optional, at most 64. Errors: DEADLINE_EXCEEDED (its
// whole process group is killed); INTERNAL: no start, another exit code than 0 (with the first line
// of standard error), no JSON, a score out of range, more than 1 MiB. Thread-safe. Only a command
// of the server's own configuration may come in.
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
