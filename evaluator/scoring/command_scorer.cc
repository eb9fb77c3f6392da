// Implementation of the command scorer: one process per text.
#include "evaluator/scoring/command_scorer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/child_process.h"
#include "base/environment_secrets.h"
#include "base/steady_time.h"
#include "evaluator/records/json_types.h"
#include "evaluator/scoring/clean_text.h"

namespace assay::evaluator {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxBytes = size_t{1} << 20;
constexpr size_t kMaxErrorBytes = 200;
// Secrets are looked for in so many bytes of what a program wrote.
constexpr size_t kMaxScannedBytes = size_t{16} << 10;
constexpr size_t kMaxParts = 64;
constexpr size_t kMaxNameBytes = 64;
constexpr double kMaxScore = 10;

// Returns the first line of a program's output as valid UTF-8 without control characters, because
// it becomes part of an error message.
std::string FirstLine(const std::string& text) {
  // Scripts that trace their commands print secrets. They are hidden before the text is cut.
  const std::string shown = HideEnvironmentSecrets(text.substr(0, kMaxScannedBytes));
  const std::string clean = NormalizeText(shown.substr(0, 2 * kMaxErrorBytes));
  const std::string line = clean.substr(0, clean.find('\n'));
  // A character that was cut becomes U+FFFD, which may be longer than the cut bytes.
  return line.size() <= kMaxErrorBytes ? line : NormalizeText(line.substr(0, kMaxErrorBytes));
}

absl::StatusOr<Score> ParseScore(const std::string& out) {
  const Json json = Json::parse(out, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object()) {
    return absl::InternalError(
        absl::StrCat("standard output must be one JSON object, got '", FirstLine(out), "'"));
  }
  const auto overall = json.find("score");
  if (overall == json.end() || !overall->is_number()) {
    return absl::InternalError("\"score\" is missing or not a number");
  }
  Score score{.overall = overall->get<double>()};
  // The negated comparison also rejects NaN.
  if (!(score.overall >= 0 && score.overall <= kMaxScore)) {
    return absl::InternalError(
        absl::StrCat("\"score\" is ", score.overall, "; must be between 0 and 10"));
  }
  const auto parts = json.find("parts");
  if (parts == json.end()) return score;
  if (!parts->is_object()) return absl::InternalError("\"parts\" is not an object");
  for (const auto& [name, value] : parts->items()) {
    if (!value.is_number() || !std::isfinite(value.get<double>())) {
      return absl::InternalError(absl::StrCat("part \"", name, "\" is not a finite number"));
    }
    if (name.size() > kMaxNameBytes || score.parts.size() == kMaxParts) {
      return absl::InternalError(absl::StrCat("\"parts\" has more than ", kMaxParts,
                                              " names, or a name longer than ", kMaxNameBytes,
                                              " bytes"));
    }
    score.parts[name] = value.get<double>();
  }
  return score;
}

absl::StatusOr<Score> ScoreOf(const absl::StatusOr<ChildResult>& child) {
  if (!child.ok()) return child.status();
  if (child->exit_code == 0) return ParseScore(child->out);
  return absl::InternalError(
      absl::StrCat("exit code ", child->exit_code, ": ", FirstLine(child->err)));
}

}  // namespace

absl::StatusOr<Score> CommandScorer::ScoreText(const ScoreInput& input) const {
  const std::string request = DumpJson({{"content_type", std::string(input.content_type)},
                                        {"prompt", std::string(input.prompt)},
                                        {"text", std::string(input.text)},
                                        {"finish_reason", std::string(input.finish_reason)},
                                        {"reference", std::string(input.reference)}});
  absl::StatusOr<Score> score =
      ScoreOf(RunChild(options_.command, request, SteadyTime::Now() + options_.timeout, kMaxBytes));
  if (score.ok()) return score;
  return Annotate(score.status(), absl::StrCat("scorer ", options_.name));
}

}  // namespace assay::evaluator
