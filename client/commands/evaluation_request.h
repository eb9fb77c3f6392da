// The request of `assay evaluate`.
#ifndef ASSAY_CLIENT_COMMANDS_EVALUATION_REQUEST_H_
#define ASSAY_CLIENT_COMMANDS_EVALUATION_REQUEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.pb.h"
#include "client/commands/arguments.h"

namespace assay::client {

// Builds the request from the plan file, from the evaluation to replay, or from the flags. Reads
// the files that the options name. Also checks the options that matter only after hours of work
// (--report, --detach). Every error is INVALID_ARGUMENT.
absl::StatusOr<v1::EvaluateRequest> MakeEvaluateRequest(const EvaluateOptions& options);

// Returns the policy of --failures: "zero" or "leave-out"; empty = unspecified.
v1::FailurePolicy FailurePolicyOf(const std::string& name);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_EVALUATION_REQUEST_H_
