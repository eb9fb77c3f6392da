// Judges the pairs of texts of an evaluation.
#ifndef ASSAY_EVALUATOR_JUDGING_PAIR_JUDGING_H_
#define ASSAY_EVALUATOR_JUDGING_PAIR_JUDGING_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "evaluator/judging/judge.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/judgment.h"
#include "evaluator/store/judgment_store.h"

namespace assay::evaluator {

// Which pairs of texts are judged.
struct PairSelection {
  // The candidate that the others are compared with. Empty: every two candidates are compared.
  std::string baseline;
  // Only these candidates, and the baseline. Empty: all.
  std::vector<std::string> candidates;
  // The maximum number of pairs of texts per two candidates. 0: all.
  int limit = 0;
};

// Two samples of one prompt and repeat. The pointers are into the samples and the plan.
struct SamplePair {
  const Sample* first = nullptr;
  const Sample* second = nullptr;
  const EvaluationPrompt* prompt = nullptr;
};

// Returns the pairs in the order of the candidates, and for two candidates the first repeat of
// every prompt before the second one, so that a limit covers as many prompts as possible. Failed
// generations have no pair. `plan` and `samples` must outlive the result. INVALID_ARGUMENT: a
// candidate is unknown, or fewer than two are selected.
absl::StatusOr<std::vector<SamplePair>> SelectPairs(const EvaluationPlan& plan,
                                                    const std::vector<Sample>& samples,
                                                    const PairSelection& selection);

// What a job has done so far.
struct JudgingProgress {
  int finished = 0;
  int total = 0;
  // The judge of the last judgment.
  std::string judge;
  // Questions that were sent to a judge, and those with a stored answer.
  int asked = 0;
  int cached = 0;
  // The cost of the questions that were sent.
  double spent_usd = 0;
};

// Asks each judge about each pair in both orders and stores the answers and the judgments. Equal
// texts are a tie without a question. Questions with a stored answer are not asked again. A judge
// that fails has judgments with an error; after kMaxFailuresInRow of them its other pairs are left
// out. Calls `on_progress` after each judgment, in this thread. Blocks for the sum of all answers.
// Returns CANCELLED or DEADLINE_EXCEEDED if the context ends, and errors of the store; judgments
// made until then are kept.
absl::StatusOr<JudgingProgress> JudgePairs(
    const std::string& evaluation_id, const EvaluationPlan& plan,
    const std::vector<SamplePair>& pairs, const std::vector<std::unique_ptr<Judge>>& judges,
    JudgmentStore* store, const std::function<void(const JudgingProgress&)>& on_progress,
    const CallContext& context);

inline constexpr int kMaxFailuresInRow = 5;

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_JUDGING_PAIR_JUDGING_H_
