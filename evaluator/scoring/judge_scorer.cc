// Implementation of the judge scorer: expected ratings from the digits' probabilities.
#include "evaluator/scoring/judge_scorer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"

namespace assay::evaluator {
namespace {

constexpr int kMaxRating = 5;
constexpr double kPointsPerRating = 2;
constexpr std::string_view kAscendingScale =
    "0 = useless, 1 = poor, 2 = weak, 3 = acceptable, 4 = good, 5 = excellent";
constexpr std::string_view kDescendingScale =
    "5 = excellent, 4 = good, 3 = acceptable, 2 = weak, 1 = poor, 0 = useless";
// Longer texts are cut, because they would not fit the context of small judges.
constexpr size_t kMaxBytes = 6000;

std::string JudgePrompt(const ScoreInput& input, std::string_view scale) {
  const std::string type =
      input.content_type.empty() ? "text" : absl::StrCat(std::string(input.content_type), " text");
  return absl::StrCat(
      "A ", type, " was written for a task. Rate how well it does the task: ", std::string(scale),
      ".\n\nTask:\n\"\"\"\n", std::string(input.prompt.substr(0, kMaxBytes)),
      "\n\"\"\"\n\nText:\n\"\"\"\n", std::string(input.text.substr(0, kMaxBytes)),
      "\n\"\"\"\n\nRating (one digit):");
}

}  // namespace

std::string JudgeScorer::version() const {
  const std::string revision = generator_->RevisionOf(model_);
  return absl::StrCat("1/", model_, revision.empty() ? "" : "@", revision);
}

absl::StatusOr<double> JudgeScorer::ExpectedRating(const ScoreInput& input,
                                                   std::string_view scale) const {
  LikelihoodJob job{.model = model_, .context = JudgePrompt(input, scale)};
  for (int rating = 0; rating <= kMaxRating; ++rating) {
    job.continuations.push_back(absl::StrCat(" ", rating));
  }
  ASSIGN_OR_RETURN(std::vector<Likelihood> found, generator_->Likelihoods(job, input.context));
  if (found.size() != job.continuations.size()) {
    return absl::InternalError(
        absl::StrCat("got ", found.size(), " likelihoods, expected ", job.continuations.size()));
  }
  const double max_log_likelihood =
      std::max_element(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return a.log_likelihood < b.log_likelihood;
      })->log_likelihood;
  double sum = 0;
  double weighted = 0;
  for (size_t rating = 0; rating < found.size(); ++rating) {
    const double probability = std::exp(found[rating].log_likelihood - max_log_likelihood);
    sum += probability;
    weighted += static_cast<double>(rating) * probability;
  }
  if (!std::isfinite(weighted / sum)) {
    return absl::InternalError("the model gives no rating a finite probability");
  }
  return weighted / sum;
}

absl::StatusOr<Score> JudgeScorer::ScoreText(const ScoreInput& input) const {
  const std::string prefix = absl::StrCat("judge ", model_);
  const absl::StatusOr<double> up = ExpectedRating(input, kAscendingScale);
  if (!up.ok()) return Annotate(up.status(), prefix);
  const absl::StatusOr<double> down = ExpectedRating(input, kDescendingScale);
  if (!down.ok()) return Annotate(down.status(), prefix);
  Score score{.overall = kPointsPerRating * (*up + *down) / 2};
  score.parts["expected_up"] = *up;
  score.parts["expected_down"] = *down;
  score.parts["disagreement"] = std::abs(*up - *down);
  return score;
}

}  // namespace assay::evaluator
