// Scoring of samples with the scorers of a plan.
#ifndef ASSAY_EVALUATOR_RUN_SAMPLE_SCORER_H_
#define ASSAY_EVALUATOR_RUN_SAMPLE_SCORER_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/call_context.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/scoring/scorer.h"

namespace assay::evaluator {

// Applies every scorer of a plan to samples. The versions of the scorers must not change during an
// evaluation: scores of another version are recorded as errors. Not thread-safe.
class SampleScorer {
 public:
  // `scorers` must outlive the SampleScorer. `names` are the plan's scorers; the first one gives
  // the quality score. `versions` are those recorded when the evaluation began, by scorer name; the
  // scores of a scorer without a version are errors.
  SampleScorer(const ScorerSet* scorers, std::vector<std::string> names,
               std::map<std::string, std::string> versions);

  // Learns the versions from a sample that was recorded before the server was restarted.
  void AddRecorded(const Sample& sample);

  // Sets the name and version of the scorer that gives the quality score. The plan's scorers must
  // be in the ScorerSet, here and in ScoreSample().
  void SetScorer(Sample* sample) const;

  // Scores the text of a successful sample. Takes microseconds to minutes, depending on the
  // scorers. Returns false if `context` was found to be done meanwhile; the scores are not valid
  // then.
  bool ScoreSample(const EvaluationPrompt& prompt, const CallContext& context, Sample* sample);

  // Returns the version of the scorer that gives the quality score. Empty if it is neither recorded
  // nor in the ScorerSet any more.
  std::string QualityScorerVersion() const;

 private:
  // Returns FAILED_PRECONDITION if `version` is not the version known of the scorer. Otherwise
  // remembers it.
  absl::Status CheckVersion(const std::string& scorer, const std::string& version);
  SampleScore ScoreWith(const std::string& name, const ScoreInput& input);

  const ScorerSet* const scorers_;
  const std::vector<std::string> names_;
  std::map<std::string, std::string> versions_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_SAMPLE_SCORER_H_
