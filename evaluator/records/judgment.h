// Judgments of pairs of samples by language models.
#ifndef ASSAY_EVALUATOR_RECORDS_JUDGMENT_H_
#define ASSAY_EVALUATOR_RECORDS_JUDGMENT_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "evaluator/records/rating.h"

namespace assay::evaluator {

// The better one of two texts by their position in the question. The values are stored.
enum class Choice { kFirst = 1, kSecond = 2, kNeither = 3 };

// The answer of a judge to one question.
struct JudgeAnswer {
  Choice choice = Choice::kNeither;
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
  double cost_usd = 0;
  // False if the judge did not report its tokens, so that the cost is unknown.
  bool cost_known = true;
};

// One pair of samples that a judge was asked about in both orders.
struct Judgment {
  // The name of the judge.
  std::string judge;
  // The judge's model and revision, or its endpoint and model, and the hash of its rubric.
  std::string version;
  // Two samples of one prompt and repeat, by different candidates.
  SampleId sample;
  SampleId other;
  // The preferred sample when `sample` was shown first, and when `other` was shown first.
  Preference forward = Preference::kTie;
  Preference backward = Preference::kTie;
  // Why there is no decision. Empty: there is one.
  std::string error;
  // Why the judge may be partial. Empty: no reason is known.
  std::string warning;
  // The cost of both answers, when they were given first.
  double cost_usd = 0;
  bool cost_known = true;
  absl::Time judged_at;
};

// Returns the sample that is preferred in both orders, otherwise a tie.
inline Preference DecisionOf(const Judgment& judgment) {
  return judgment.forward == judgment.backward ? judgment.forward : Preference::kTie;
}

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_JUDGMENT_H_
