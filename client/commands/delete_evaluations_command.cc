// assay evaluations delete.
#include <istream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "assay/v1/evaluation_control.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/terminal/deletion_tables.h"

namespace assay::client {
namespace {

using Stub = v1::EvaluationControlService::Stub;

v1::EvaluationState StateOf(const std::string& word) {
  if (word == "succeeded") return v1::EVALUATION_STATE_SUCCEEDED;
  if (word == "failed") return v1::EVALUATION_STATE_FAILED;
  if (word == "cancelled") return v1::EVALUATION_STATE_CANCELLED;
  return v1::EVALUATION_STATE_UNSPECIFIED;
}

v1::DeleteEvaluationsRequest ToRequest(const DeletionOptions& options) {
  v1::DeleteEvaluationsRequest request;
  for (const std::string& id : options.ids) request.add_ids(id);
  if (options.before != absl::InfiniteFuture()) {
    request.mutable_finished_before()->set_seconds(absl::ToUnixSeconds(options.before));
  }
  request.set_state(StateOf(options.state));
  request.set_force(options.force);
  return request;
}

bool Agrees(const Session& session) {
  session.streams.err << "Delete for good? [y/N] " << std::flush;
  std::string answer;
  std::getline(session.streams.in, answer);
  answer = absl::AsciiStrToLower(std::string(absl::StripAsciiWhitespace(answer)));
  return answer == "y" || answer == "yes";
}

}  // namespace

int DeleteEvaluations(const Session& session) {
  const DeletionOptions& options = session.arguments.deletion;
  v1::DeleteEvaluationsRequest request = ToRequest(options);
  if (options.dry_run) {
    request.set_dry_run(true);
    return CallAndPrint(session, &Stub::DeleteEvaluations, request,
                        [&session](const v1::DeleteEvaluationsResponse& reply) {
                          session.streams.out << DeletionPlan(reply);
                        });
  }
  if (session.streams.in_is_terminal && session.streams.err_is_terminal && !options.yes) {
    request.set_dry_run(true);
    v1::DeleteEvaluationsResponse plan;
    const grpc::Status status = Call(session.connection, &Stub::DeleteEvaluations, request, &plan);
    if (!status.ok()) return session.connection.ReportFailure(status);
    session.streams.err << DeletionPlan(plan);
    if (plan.deleted() == 0) return kExitOk;
    if (!Agrees(session)) {
      session.streams.err << "nothing was deleted\n";
      return kExitFailed;
    }
    request.set_dry_run(false);
  }
  return CallAndPrint(session, &Stub::DeleteEvaluations, request,
                      [&session](const v1::DeleteEvaluationsResponse& reply) {
                        session.streams.out << DeletionSummary(reply);
                      });
}

}  // namespace assay::client
