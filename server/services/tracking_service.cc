// The gRPC service assay.v1.TrackingService.
#include "server/services/tracking_service.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "server/rpc/grpc_status.h"
#include "server/wire/proto_time.h"

namespace assay::server {
namespace {

constexpr int kMaxShownEntries = 20;
// How long a status waits for MLflow's answer.
constexpr absl::Duration kAnswerTimeout = absl::Seconds(5);
constexpr absl::Duration kDefaultFlushWait = absl::Seconds(30);
constexpr absl::Duration kMaxFlushWait = absl::Minutes(10);
// How often a flush looks at the outbox.
constexpr absl::Duration kFlushPollPeriod = absl::Milliseconds(100);
// A flush ends so long before the deadline of its call, so that the reply still arrives.
constexpr absl::Duration kReplyTime = absl::Milliseconds(500);

absl::StatusOr<absl::Duration> FlushWait(const assay::v1::FlushTrackingRequest& request) {
  const absl::Duration wait =
      absl::Seconds(request.wait().seconds()) + absl::Nanoseconds(request.wait().nanos());
  if (wait < absl::ZeroDuration() || wait > kMaxFlushWait) {
    return absl::InvalidArgumentError(absl::StrCat("wait: is ", absl::FormatDuration(wait),
                                                   "; give 0 to ",
                                                   absl::FormatDuration(kMaxFlushWait)));
  }
  return wait == absl::ZeroDuration() ? kDefaultFlushWait : wait;
}

google::protobuf::Duration ToDurationProto(absl::Duration duration) {
  google::protobuf::Duration out;
  out.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  out.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return out;
}

}  // namespace

absl::Status TrackingServiceImpl::FillOutbox(assay::v1::Outbox* outbox) {
  ASSIGN_OR_RETURN(const int64_t depth, dependencies_.store->OutboxDepth());
  ASSIGN_OR_RETURN(const std::vector<evaluator::WaitingUpload> waiting,
                   dependencies_.store->WaitingOutbox(kMaxShownEntries));
  outbox->set_depth(depth);
  if (!waiting.empty()) {
    *outbox->mutable_oldest_age() =
        ToDurationProto(std::max(absl::Now() - waiting.front().created_at, absl::ZeroDuration()));
  }
  for (const evaluator::WaitingUpload& entry : waiting) {
    assay::v1::OutboxEntry* const out = outbox->add_entries();
    out->set_evaluation_id(entry.evaluation_id);
    out->set_run_name(entry.run_name);
    *out->mutable_created_at() = ToTimestamp(entry.created_at);
    out->set_attempts(entry.attempts);
    out->set_last_error(entry.last_error);
    *out->mutable_next_attempt() = ToTimestamp(entry.retry_at);
  }
  return absl::OkStatus();
}

absl::Status TrackingServiceImpl::FillStatus(assay::v1::GetTrackingStatusResponse* response) {
  ASSIGN_OR_RETURN(const std::unique_ptr<MlflowClient> client, dependencies_.make_client());
  client->Expire(SteadyTime::Now() + kAnswerTimeout);
  const ExperimentState state = client->CheckExperiment();
  response->set_enabled(true);
  response->set_tracking_uri(state.tracking_uri);
  response->set_experiment(state.experiment);
  response->set_experiment_id(state.experiment_id);
  response->set_answers(state.answered);
  response->set_error(std::string(state.status.message()));
  const UploadCounts counts = dependencies_.flusher->Counts();
  response->set_uploads_ok(counts.ok);
  response->set_uploads_failed(counts.failed);
  if (!counts.paused_until.HasPassed()) {
    *response->mutable_paused_until() = ToTimestamp(absl::Now() + counts.paused_until.Left());
  }
  return FillOutbox(response->mutable_outbox());
}

absl::Status TrackingServiceImpl::GetTrackingStatus(
    const ServerCall& /*call*/, const assay::v1::GetTrackingStatusRequest& /*request*/,
    assay::v1::GetTrackingStatusResponse* response) {
  if (dependencies_.flusher == nullptr) {
    return FillOutbox(response->mutable_outbox());
  }
  return FillStatus(response);
}

absl::Status TrackingServiceImpl::Flush(const CallContext& context,
                                        assay::v1::FlushTrackingResponse* response) {
  const int64_t uploaded_before = dependencies_.flusher->Counts().ok;
  dependencies_.flusher->AttemptAll(context);
  while (!context.IsDone()) {
    const UploadCounts counts = dependencies_.flusher->Counts();
    ASSIGN_OR_RETURN(const absl::Time next, dependencies_.store->NextOutboxAttempt());
    if (std::max(next - absl::Now(), counts.paused_until.Left()) >= context.deadline().Left()) {
      break;
    }
    absl::SleepFor(kFlushPollPeriod);
  }
  response->set_uploaded(dependencies_.flusher->Counts().ok - uploaded_before);
  return FillOutbox(response->mutable_left());
}

absl::Status TrackingServiceImpl::FlushTracking(const ServerCall& call,
                                                const assay::v1::FlushTrackingRequest& request,
                                                assay::v1::FlushTrackingResponse* response) {
  if (dependencies_.flusher == nullptr) {
    return absl::FailedPreconditionError(
        "mlflow.tracking_uri: is empty, so there is nothing to flush; set it and start assayd "
        "again");
  }
  const absl::StatusOr<absl::Duration> wait = FlushWait(request);
  RETURN_IF_ERROR(wait.status());
  const CallContext& context = call.context();
  return Flush(context.Until(std::min(SteadyTime::Now() + *wait, context.deadline() - kReplyTime)),
               response);
}

}  // namespace assay::server
