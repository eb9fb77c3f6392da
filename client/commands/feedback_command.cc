// assay feedback.
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "assay/v1/feedback.grpc.pb.h"
#include "base/status_macros.h"
#include "client/commands/commands.h"
#include "client/input/prompt_input.h"
#include "client/terminal/feedback_tables.h"

namespace assay::client {
namespace {

using Stub = v1::FeedbackService::Stub;

absl::StatusOr<v1::GiveFeedbackRequest> MakeRequest(const FeedbackOptions& options,
                                                    std::istream& in) {
  v1::GiveFeedbackRequest request;
  request.set_request_id(options.request_id);
  if (options.accepted) request.set_verdict(v1::FEEDBACK_VERDICT_ACCEPTED);
  if (options.rejected) request.set_verdict(v1::FEEDBACK_VERDICT_REJECTED);
  if (!options.edited_file.empty()) {
    request.set_verdict(v1::FEEDBACK_VERDICT_EDITED);
    ASSIGN_OR_RETURN(*request.mutable_text()->mutable_original(),
                     ReadInput(options.original_file, in));
    ASSIGN_OR_RETURN(*request.mutable_text()->mutable_final(), ReadInput(options.edited_file, in));
  }
  if (options.distance) {
    request.set_verdict(v1::FEEDBACK_VERDICT_EDITED);
    request.set_distance(*options.distance);
  }
  if (options.rating) request.set_rating(*options.rating);
  if (options.conversion_usd) request.set_conversion_usd(*options.conversion_usd);
  request.set_comment(options.comment);
  return request;
}

}  // namespace

int GiveFeedback(const Session& session) {
  const absl::StatusOr<v1::GiveFeedbackRequest> request =
      MakeRequest(session.arguments.feedback, session.streams.in);
  if (!request.ok()) return ReportUsageError(session, request.status());
  v1::GiveFeedbackResponse reply;
  const grpc::Status status = Call(session.connection, &Stub::GiveFeedback, *request, &reply);
  // NOT_FOUND means a request; the hint about models and evaluations would mislead.
  if (!status.ok()) return session.connection.ReportFailure(status, /*about_files=*/true);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    session.streams.out << FeedbackLine(reply);
  }
  return kExitOk;
}

int ListFeedback(const Session& session) {
  v1::ListFeedbackRequest request;
  request.set_content_type(session.arguments.feedback.content_type);
  request.set_model(session.arguments.feedback.model);
  request.set_limit(session.arguments.limit);
  return CallAndPrint(session, &Stub::ListFeedback, request,
                      [&session](const v1::ListFeedbackResponse& reply) {
                        session.streams.out << FeedbackTable(reply.feedback());
                      });
}

int SummarizeFeedback(const Session& session) {
  v1::SummarizeFeedbackRequest request;
  request.set_content_type(session.arguments.feedback.content_type);
  return CallAndPrint(session, &Stub::SummarizeFeedback, request,
                      [&session](const v1::SummarizeFeedbackResponse& reply) {
                        session.streams.out << FeedbackSummaryTable(reply);
                      });
}

}  // namespace assay::client
