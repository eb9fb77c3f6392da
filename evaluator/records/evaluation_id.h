// Ids of evaluations.
#ifndef ASSAY_EVALUATOR_RECORDS_EVALUATION_ID_H_
#define ASSAY_EVALUATOR_RECORDS_EVALUATION_ID_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace assay::evaluator {

// "ev-20261123-045500-1a2b3c": UTC to the second, then the low 24 bits of `random`. Sorts by time.
std::string EvaluationId(absl::Time time, uint64_t random);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_EVALUATION_ID_H_
