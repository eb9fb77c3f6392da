// What became of a model's answers in use, for economics.
#ifndef ASSAY_EVALUATOR_RECORDS_OBSERVED_OUTCOMES_H_
#define ASSAY_EVALUATOR_RECORDS_OBSERVED_OUTCOMES_H_

#include <cstdint>

namespace assay::evaluator {

// Sums over answers with feedback.
struct ObservedOutcomes {
  // Answers with a verdict, and those that were accepted or edited.
  int64_t verdicts = 0;
  int64_t used = 0;
  // The used answers with a conversion above 0, and the value of these in USD.
  int64_t conversions = 0;
  double conversion_usd = 0;
};

// Economics uses what was observed from these numbers on, and assumptions below.
inline constexpr int64_t kMinObservedVerdicts = 30;
inline constexpr int64_t kMinObservedConversions = 10;

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_OBSERVED_OUTCOMES_H_
