// An evaluation's plan from a YAML file.
#ifndef ASSAY_CLIENT_INPUT_PLAN_FILE_H_
#define ASSAY_CLIENT_INPUT_PLAN_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.pb.h"

namespace assay::client {

// Of each prompt, at most; the server's limit.
inline constexpr int kMaxRepeats = 1000;

// Keys as in docs/evaluation.md; files that it names (`dataset`, `items`, `text`, `price_table`)
// are relative to it. Errors are INVALID_ARGUMENT "file:line: key: value, what is allowed"; what
// only the server knows (models, scorers, names in the gate) it checks, and names the field.
absl::StatusOr<v1::EvaluateRequest> ReadPlanFile(const std::string& path);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_PLAN_FILE_H_
