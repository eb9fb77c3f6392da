// The gRPC service assay.v1.FeedbackService.
#include "server/services/feedback_service.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "server/wire/arms_proto.h"
#include "server/wire/feedback_proto.h"

namespace assay::server {
namespace {

constexpr int kDefaultListLimit = 50;
constexpr int kMaxListLimit = 1000;
constexpr size_t kMaxIdBytes = 128;
// The longest wait for an answer that is still on its way to the store.
constexpr absl::Duration kMaxFlush = absl::Seconds(5);

absl::Status CheckId(const std::string& id) {
  if (!id.empty() && id.size() <= kMaxIdBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("request_id: has ", id.size(),
                                                 " bytes; give the request_id of a reply, 1 to ",
                                                 kMaxIdBytes, " bytes"));
}

}  // namespace

absl::Status FeedbackServiceImpl::GiveFeedback(const ServerCall& /*call*/,
                                               const assay::v1::GiveFeedbackRequest& request,
                                               assay::v1::GiveFeedbackResponse* response) {
  RETURN_IF_ERROR(CheckId(request.request_id()));
  const absl::StatusOr<evaluator::FeedbackValues> values = ToValues(request);
  RETURN_IF_ERROR(values.status());
  // The newest answer of this id may still wait for the disk.
  deps_.memory->FlushRequest(request.request_id(), kMaxFlush);
  const absl::StatusOr<evaluator::FeedbackResult> result =
      deps_.store->Give(request.request_id(), *values, absl::Now());
  RETURN_IF_ERROR(result.status());
  if (deps_.on_feedback != nullptr) deps_.on_feedback(*result);
  ToProto(*result, response);
  return absl::OkStatus();
}

absl::Status FeedbackServiceImpl::ListFeedback(const ServerCall& /*call*/,
                                               const assay::v1::ListFeedbackRequest& request,
                                               assay::v1::ListFeedbackResponse* response) {
  if (request.limit() < 0 || request.limit() > kMaxListLimit) {
    return absl::InvalidArgumentError(
        absl::StrCat("limit: ", request.limit(), " is out of range; give 0 to ", kMaxListLimit));
  }
  const absl::StatusOr<std::vector<evaluator::Feedback>> all =
      deps_.store->List({.model = request.model(), .content_type = request.content_type()},
                        request.limit() == 0 ? kDefaultListLimit : request.limit());
  RETURN_IF_ERROR(all.status());
  for (const evaluator::Feedback& feedback : *all) ToProto(feedback, response->add_feedback());
  return absl::OkStatus();
}

absl::Status FeedbackServiceImpl::SummarizeFeedback(
    const ServerCall& /*call*/, const assay::v1::SummarizeFeedbackRequest& request,
    assay::v1::SummarizeFeedbackResponse* response) {
  deps_.memory->Flush(kMaxFlush);
  const absl::StatusOr<std::vector<evaluator::FeedbackTotals>> all =
      deps_.store->Totals({.content_type = request.content_type()});
  RETURN_IF_ERROR(all.status());
  for (const evaluator::FeedbackTotals& totals : *all) ToProto(totals, response->add_summaries());
  response->set_forgotten_answers(deps_.memory->forgotten());
  return absl::OkStatus();
}

absl::Status FeedbackServiceImpl::CompareArms(const ServerCall& /*call*/,
                                              const assay::v1::CompareArmsRequest& request,
                                              assay::v1::CompareArmsResponse* response) {
  const absl::StatusOr<ArmRules> rules = ToRules(request);
  RETURN_IF_ERROR(rules.status());
  const absl::StatusOr<registry::RoutePolicy> policy =
      FindWeighted(deps_.routing->InForce(), request.content_type());
  RETURN_IF_ERROR(policy.status());
  deps_.memory->Flush(kMaxFlush);
  const absl::StatusOr<std::vector<evaluator::ArmTotals>> totals =
      deps_.store->Arms(request.content_type());
  RETURN_IF_ERROR(totals.status());
  FillArms(*policy, *totals, *rules, response);
  return absl::OkStatus();
}

}  // namespace assay::server
