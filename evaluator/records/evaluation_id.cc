// The ids of evaluations.
#include "evaluator/records/evaluation_id.h"

#include "absl/strings/str_cat.h"

namespace assay::evaluator {
namespace {

constexpr uint64_t kLow24Bits = 0xffffff;

}  // namespace

std::string EvaluationId(absl::Time time, uint64_t random) {
  return absl::StrCat("ev-", absl::FormatTime("%Y%m%d-%H%M%S", time, absl::UTCTimeZone()), "-",
                      absl::Hex(random & kLow24Bits, absl::kZeroPad6));
}

}  // namespace assay::evaluator
