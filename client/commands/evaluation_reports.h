// Reports and gates of an evaluation, for the commands that offer them.
#ifndef ASSAY_CLIENT_COMMANDS_EVALUATION_REPORTS_H_
#define ASSAY_CLIENT_COMMANDS_EVALUATION_REPORTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.grpc.pb.h"
#include "client/commands/commands.h"

namespace assay::client {

// By name ("markdown", "html", "json", "jsonl", "csv", "lm-eval"), else by the path's extension;
// Markdown for a path without one. INVALID_ARGUMENT: an extension that stands for no format.
absl::StatusOr<v1::ReportFormat> FormatOf(const std::string& name, const std::string& path);

// To the file, or to standard output where none is named. Returns an exit code.
int WriteReport(const Session& session, v1::EvaluationService::Stub& stub, const std::string& id,
                const ReportOptions& options);

// Prints each clause, and why the evaluation passes no gate if it did not come to its end;
// kExitGate if it is not passed.
int CheckGate(const Session& session, v1::EvaluationService::Stub& stub, const std::string& id,
              const std::string& gate);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_EVALUATION_REPORTS_H_
