// assay evaluations list, get and cancel.
#include "assay/v1/evaluation.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/commands/evaluation_result.h"
#include "client/terminal/evaluation_table.h"

namespace assay::client {
namespace {

using Stub = v1::EvaluationService::Stub;

}  // namespace

int ListEvaluations(const Session& session) {
  v1::ListEvaluationsRequest request;
  request.set_limit(session.arguments.limit);
  return CallAndPrint(session, &Stub::ListEvaluations, request,
                      [&session](const v1::ListEvaluationsResponse& reply) {
                        session.streams.out << EvaluationList(reply);
                      });
}

int GetEvaluation(const Session& session) {
  v1::GetEvaluationRequest request;
  request.set_id(session.arguments.id);
  request.set_include_samples(session.arguments.include_samples);
  v1::Evaluation evaluation;
  const grpc::Status status = Call(session.connection, &Stub::GetEvaluation, request, &evaluation);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(evaluation, session.streams);
  } else {
    WriteResult(evaluation, session.streams);
    WriteRuns(evaluation, session.streams);
  }
  return ExitCodeOf(evaluation);
}

int CancelEvaluation(const Session& session) {
  v1::CancelEvaluationRequest request;
  request.set_id(session.arguments.id);
  return CallAndPrint(session, &Stub::CancelEvaluation, request,
                      [&session](const v1::Evaluation& evaluation) {
                        session.streams.out << "evaluation " << OneLine(evaluation.id()) << ": "
                                            << StateWord(evaluation.state()) << "\n";
                      });
}

}  // namespace assay::client
