// Names of the states of an evaluation.
#include "evaluator/records/evaluation.h"

#include <string_view>

namespace assay::evaluator {

std::string_view EvaluationStateName(EvaluationState state) {
  switch (state) {
    case EvaluationState::kRunning:
      return "running";
    case EvaluationState::kSucceeded:
      return "succeeded";
    case EvaluationState::kFailed:
      return "failed";
    case EvaluationState::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

}  // namespace assay::evaluator
