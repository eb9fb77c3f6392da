// Scoring of samples with the scorers of a plan.
#include "evaluator/run/sample_scorer.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "evaluator/run/error_text.h"

namespace assay::evaluator {

SampleScorer::SampleScorer(const ScorerSet* scorers, std::vector<std::string> names,
                           std::map<std::string, std::string> versions)
    : scorers_(scorers), names_(std::move(names)), versions_(std::move(versions)) {}

void SampleScorer::AddRecorded(const Sample& sample) {
  for (const SampleScore& score : sample.scores) {
    if (score.error.empty()) versions_[score.scorer] = score.version;
  }
}

void SampleScorer::SetScorer(Sample* sample) const {
  const Scorer* scorer = scorers_->Find(names_.front());
  sample->scorer = scorer->name();
  sample->scorer_version = scorer->version();
}

bool SampleScorer::ScoreSample(const EvaluationPrompt& prompt, const CallContext& context,
                               Sample* sample) {
  // A scorer that saw the interruption may have failed because of it, so its score does not count.
  // A sample whose scorers finished before the interruption is complete.
  bool interrupted = false;
  const ScoreInput input{
      .content_type = prompt.content_type,
      .prompt = prompt.prompt,
      .text = sample->generation.text,
      .finish_reason = sample->generation.finish_reason,
      .reference = prompt.reference,
      .constraints = prompt.constraints,
      .context = CallContext([&] { return interrupted = interrupted || context.IsDone(); })};
  for (const std::string& name : names_) sample->scores.push_back(ScoreWith(name, input));
  sample->quality_score = sample->scores.front().overall;
  sample->scorer_version = sample->scores.front().version;
  return !interrupted;
}

SampleScore SampleScorer::ScoreWith(const std::string& name, const ScoreInput& input) {
  const Scorer* scorer = scorers_->Find(name);
  absl::StatusOr<Score> score = scorer->ScoreText(input);
  // Read after scoring, because a scorer may know its full version only then.
  SampleScore record{.scorer = name, .version = scorer->version()};
  if (score.ok()) {
    if (absl::Status s = CheckVersion(name, record.version); !s.ok()) score = s;
  }
  if (score.ok()) {
    record.overall = score->overall;
    record.parts = std::move(score->parts);
  } else {
    record.error = ErrorText(score.status());
  }
  return record;
}

std::string SampleScorer::QualityScorerVersion() const {
  const std::string& name = names_.front();
  if (const auto known = versions_.find(name); known != versions_.end()) return known->second;
  const Scorer* scorer = scorers_->Find(name);
  return scorer == nullptr ? "" : std::string(scorer->version());
}

absl::Status SampleScorer::CheckVersion(const std::string& scorer, const std::string& version) {
  std::string& known = versions_[scorer];
  if (!IsVersion(known, version)) {
    return absl::FailedPreconditionError(absl::StrCat("the scorer ", scorer, " was version ", known,
                                                      " when the evaluation began and is ", version,
                                                      " now; start a new evaluation"));
  }
  known = version;
  return absl::OkStatus();
}

}  // namespace assay::evaluator
