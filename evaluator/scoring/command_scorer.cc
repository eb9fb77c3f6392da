// One process a text.
#include "evaluator/scoring/command_scorer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/child_process.h"
#include "evaluator/records/json_types.h"
#include "evaluator/scoring/clean_text.h"

namespace assay::evaluator {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxBytes = size_t{1} << 20;
constexpr size_t kMaxErrorBytes = 200;
constexpr size_t kMaxParts = 64;
constexpr size_t kLongestName = 64;
constexpr double kMaximum = 10;

// Valid UTF-8 without control characters, because errors go out in messages.
std::string FirstLine(const std::string& text) {
  const std::string clean = NormalizeText(text.substr(0, 2 * kMaxErrorBytes));
  const std::string line = clean.substr(0, clean.find('\n'));
  // A character that was cut in two becomes U+FFFD, which is longer.
  return line.size() <= kMaxErrorBytes ? line : NormalizeText(line.substr(0, kMaxErrorBytes));
}

absl::StatusOr<Score> ReadScore(const std::string& out) {
  const Json json = Json::parse(out, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object()) {
    return absl::InternalError(absl::StrCat("wrote no JSON object but '", FirstLine(out), "'"));
  }
  const auto overall = json.find("score");
  if (overall == json.end() || !overall->is_number()) {
    return absl::InternalError("wrote no number \"score\"");
  }
  Score score{.overall = overall->get<double>()};
  // Written so that NaN fails.
  if (!(score.overall >= 0 && score.overall <= kMaximum)) {
    return absl::InternalError(absl::StrCat("\"score\" is ", score.overall, "; give 0 to 10"));
  }
  const auto parts = json.find("parts");
  if (parts == json.end()) return score;
  if (!parts->is_object()) return absl::InternalError("\"parts\" is no object");
  for (const auto& [name, value] : parts->items()) {
    if (!value.is_number() || !std::isfinite(value.get<double>())) {
      return absl::InternalError(absl::StrCat("part \"", name, "\" is no number"));
    }
    if (name.size() > kLongestName || score.parts.size() == kMaxParts) {
      return absl::InternalError(absl::StrCat("\"parts\" has more than ", kMaxParts,
                                              " names, or one of more than ", kLongestName,
                                              " bytes"));
    }
    score.parts[name] = value.get<double>();
  }
  return score;
}

absl::StatusOr<Score> ScoreOf(const absl::StatusOr<ChildResult>& child) {
  if (!child.ok()) return child.status();
  if (child->exit_code == 0) return ReadScore(child->out);
  return absl::InternalError(
      absl::StrCat("exit code ", child->exit_code, ": ", FirstLine(child->err)));
}

}  // namespace

absl::StatusOr<Score> CommandScorer::ScoreText(const ScoreInput& input) const {
  const std::string question = DumpJson({{"content_type", std::string(input.content_type)},
                                         {"prompt", std::string(input.prompt)},
                                         {"text", std::string(input.text)},
                                         {"finish_reason", std::string(input.finish_reason)},
                                         {"reference", std::string(input.reference)}});
  absl::StatusOr<ChildResult> child =
      RunChild(options_.command, question, absl::Now() + options_.timeout, kMaxBytes);
  absl::StatusOr<Score> score = ScoreOf(child);
  if (score.ok()) return score;
  return absl::Status(score.status().code(),
                      absl::StrCat("scorer ", options_.name, ": ", score.status().message()));
}

}  // namespace assay::evaluator
