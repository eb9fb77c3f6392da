// The ids of evaluations.
#ifndef ASSAY_EVALUATOR_RECORDS_EVALUATION_ID_H_
#define ASSAY_EVALUATOR_RECORDS_EVALUATION_ID_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace assay::evaluator {

// Returns an id such as "ev-20261123-045500-1a2b3c": `time` in UTC to the second, then the low 24
// bits of `random` in hexadecimal. Ids sort by time.
std::string EvaluationId(absl::Time time, uint64_t random);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_EVALUATION_ID_H_
