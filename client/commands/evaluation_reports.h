// Reports and gates of an evaluation, for the commands that offer them.
#ifndef ASSAY_CLIENT_COMMANDS_EVALUATION_REPORTS_H_
#define ASSAY_CLIENT_COMMANDS_EVALUATION_REPORTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "assay/v1/evaluation.pb.h"
#include "client/commands/session.h"

namespace assay::client {

// Returns the format named `name` ("markdown", "html", "json", "jsonl", "csv", "lm-eval"). If
// `name` is empty, returns the format of the extension of `path`, and Markdown for a path without
// one. INVALID_ARGUMENT: no format has the extension.
absl::StatusOr<v1::ReportFormat> ReportFormatOf(const std::string& name, const std::string& path);

// Fetches the report and writes it to the file, or to standard output if the options name none.
// Returns an exit code.
int WriteReport(const Session& session, const std::string& id, const ReportOptions& options);

// Prints each clause of the gate and, if the evaluation did not finish, that it therefore fails.
// Returns kExitGate if the gate fails, and kExitUndecided if the evidence is too thin.
int CheckGate(const Session& session, const std::string& id, const std::string& gate);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_EVALUATION_REPORTS_H_
