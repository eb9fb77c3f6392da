// Evaluation plans in YAML files.
#ifndef ASSAY_CLIENT_INPUT_PLAN_FILE_H_
#define ASSAY_CLIENT_INPUT_PLAN_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.pb.h"

namespace assay::client {

// The maximum number of runs per prompt, which the server enforces too.
inline constexpr int kMaxRepeats = 1000;

// Reads a plan. docs/tasks/evaluation.md describes its keys. Files that the plan names (`dataset`,
// `items`, `text`, `price_table`) are relative to its folder. Errors are INVALID_ARGUMENT
// "file:line: key: value and limit". The server checks what only it knows: models, scorers and
// names in the gate.
absl::StatusOr<v1::EvaluateRequest> ReadPlanFile(const std::string& path);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_PLAN_FILE_H_
