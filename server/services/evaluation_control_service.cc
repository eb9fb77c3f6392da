// The gRPC service assay.v1.EvaluationControlService.
#include "server/services/evaluation_control_service.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "server/wire/evaluation_proto.h"
#include "server/wire/proto_time.h"

namespace assay::server {
namespace {

using assay::v1::DeleteEvaluationsRequest;
using assay::v1::DeleteEvaluationsResponse;

constexpr int kMaxIds = 1000;
// A reply of gRPC has at most 4 MiB.
constexpr size_t kMaxListed = 1000;
// The part of the caller's time that is left for the reply.
constexpr absl::Duration kReplyTime = absl::Seconds(1);

absl::Status CheckSelection(const DeleteEvaluationsRequest& request) {
  const bool has_filter =
      request.has_finished_before() || request.state() != assay::v1::EVALUATION_STATE_UNSPECIFIED;
  if (has_filter != request.ids().empty()) {
    return absl::InvalidArgumentError(
        has_filter ? "ids: are set together with a filter; give one of them"
                   : "ids: is empty and no filter is set; name the evaluations, or set "
                     "finished_before or state");
  }
  if (request.ids_size() > kMaxIds) {
    return absl::InvalidArgumentError(
        absl::StrCat("ids: ", request.ids_size(), " are too many; give at most ", kMaxIds));
  }
  if (request.state() == assay::v1::EVALUATION_STATE_RUNNING) {
    return absl::InvalidArgumentError(
        "state: RUNNING cannot be deleted; cancel these evaluations first");
  }
  return absl::OkStatus();
}

absl::StatusOr<evaluator::DeletionFilter> ToFilter(const DeleteEvaluationsRequest& request) {
  evaluator::DeletionFilter filter;
  if (request.has_finished_before()) {
    filter.finished_before = FromTimestamp(request.finished_before());
  }
  switch (request.state()) {
    case assay::v1::EVALUATION_STATE_UNSPECIFIED:
      break;
    case assay::v1::EVALUATION_STATE_SUCCEEDED:
      filter.state = evaluator::EvaluationState::kSucceeded;
      break;
    case assay::v1::EVALUATION_STATE_FAILED:
      filter.state = evaluator::EvaluationState::kFailed;
      break;
    case assay::v1::EVALUATION_STATE_CANCELLED:
      filter.state = evaluator::EvaluationState::kCancelled;
      break;
    default:
      return absl::InvalidArgumentError(absl::StrCat("state: ", static_cast<int>(request.state()),
                                                     " is not a state; give SUCCEEDED, FAILED "
                                                     "or CANCELLED"));
  }
  return filter;
}

void Fill(const DeletionResult& result, DeleteEvaluationsResponse* response) {
  response->set_deleted(static_cast<int64_t>(result.deleted.size()));
  response->set_freed_bytes(result.freed_bytes);
  response->set_freeing(result.freeing);
  for (size_t i = 0; i < result.deleted.size() && i < kMaxListed; ++i) {
    const evaluator::StoredEvaluation& evaluation = result.deleted[i];
    assay::v1::DeletedEvaluation* out = response->add_evaluations();
    out->set_id(evaluation.id);
    out->set_name(evaluation.name);
    out->set_state(StateToProto(evaluation.state));
    *out->mutable_finished_at() = ToTimestamp(evaluation.finished_at);
    out->set_samples(evaluation.samples);
  }
  for (size_t i = 0; i < result.kept.size() && i < kMaxListed; ++i) {
    const KeptEvaluation& kept = result.kept[i];
    assay::v1::KeptEvaluation* out = response->add_kept();
    out->set_id(kept.evaluation.id);
    out->set_name(kept.evaluation.name);
    out->set_reason(kept.reason);
  }
}

}  // namespace

absl::Status EvaluationControlServiceImpl::DeleteEvaluations(
    const ServerCall& call, const DeleteEvaluationsRequest& request,
    DeleteEvaluationsResponse* response) {
  RETURN_IF_ERROR(CheckSelection(request));
  ASSIGN_OR_RETURN(const evaluator::DeletionFilter filter, ToFilter(request));
  const DeletionOptions options{.force = request.force(), .dry_run = request.dry_run()};
  const CallContext context = call.context().Until(call.context().deadline() - kReplyTime);
  EvaluationDeleter* const deleter = dependencies_.deleter;
  const std::vector<std::string> ids(request.ids().begin(), request.ids().end());
  const absl::StatusOr<DeletionResult> result =
      ids.empty() ? deleter->DeleteMatching(filter, options, context)
                  : deleter->DeleteNamed(ids, options, context);
  RETURN_IF_ERROR(result.status());
  if (result->freeing) dependencies_.wake_upkeep();
  Fill(*result, response);
  if (dependencies_.uses_mlflow) response->set_dropped_uploads(result->dropped_uploads);
  ASSIGN_OR_RETURN(const int64_t stored, deleter->StoredBytes());
  response->set_stored_bytes(stored);
  response->set_max_stored_bytes(dependencies_.max_stored_bytes);
  return absl::OkStatus();
}

}  // namespace assay::server
