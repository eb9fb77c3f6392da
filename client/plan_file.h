// An evaluation's plan from a YAML file.
#ifndef ASSAY_CLIENT_PLAN_FILE_H_
#define ASSAY_CLIENT_PLAN_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.pb.h"

namespace assay::client {

struct PlanFile {
  v1::EvaluateRequest request;
  // A condition on the results; empty = none.
  std::string gate;
};

// Keys as in docs/evaluation.md; files that it names (`dataset`, `items`, `text`) are relative to
// it. Errors are INVALID_ARGUMENT "file:line: key: value, what is allowed"; what only the server
// knows (models, scorers) it checks.
absl::StatusOr<PlanFile> ReadPlanFile(const std::string& path);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_PLAN_FILE_H_
