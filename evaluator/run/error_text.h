// The text of an error in a record.
#ifndef ASSAY_EVALUATOR_RUN_ERROR_TEXT_H_
#define ASSAY_EVALUATOR_RUN_ERROR_TEXT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay::evaluator {

// Returns the code and the message: "NOT_FOUND: no such model".
inline std::string ErrorText(const absl::Status& status) {
  return absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message());
}

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_ERROR_TEXT_H_
