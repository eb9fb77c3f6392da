// assay ab.
#include "assay/v1/feedback.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/terminal/feedback_tables.h"

namespace assay::client {

int CompareArms(const Session& session) {
  const AbOptions& options = session.arguments.ab;
  v1::CompareArmsRequest request;
  request.set_content_type(options.content_type);
  request.set_alpha(options.alpha);
  request.set_acceptance_margin(options.acceptance_margin);
  request.set_rating_margin(options.rating_margin);
  request.set_value_margin(options.value_margin);
  return CallAndPrint(
      session, &v1::FeedbackService::Stub::CompareArms, request,
      [&session](const v1::CompareArmsResponse& reply) { session.streams.out << ArmsText(reply); });
}

}  // namespace assay::client
