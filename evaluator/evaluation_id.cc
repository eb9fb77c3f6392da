// Ids of evaluations.
#include "evaluator/evaluation_id.h"

#include "absl/strings/str_cat.h"

namespace assay::evaluator {

std::string EvaluationId(absl::Time time, uint64_t random) {
  constexpr uint64_t kLow24Bits = 0xffffff;
  return absl::StrCat("ev-", absl::FormatTime("%Y%m%d-%H%M%S", time, absl::UTCTimeZone()), "-",
                      absl::Hex(random & kLow24Bits, absl::kZeroPad6));
}

}  // namespace assay::evaluator
