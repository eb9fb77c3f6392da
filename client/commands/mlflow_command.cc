// assay mlflow.
#include <cstdint>

#include "absl/time/time.h"
#include "assay/v1/tracking.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/terminal/tracking_tables.h"

namespace assay::client {
namespace {

using Stub = v1::TrackingService::Stub;

int OutboxExitCode(const v1::Outbox& outbox) { return outbox.depth() == 0 ? kExitOk : kExitFailed; }

}  // namespace

int MlflowStatus(const Session& session) {
  v1::GetTrackingStatusResponse reply;
  const grpc::Status status = Call(session.connection, &Stub::GetTrackingStatus, {}, &reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    session.streams.out << TrackingStatusText(reply);
  }
  return OutboxExitCode(reply.outbox());
}

int MlflowFlush(const Session& session) {
  v1::FlushTrackingRequest request;
  absl::Duration rest = absl::Seconds(session.arguments.mlflow.wait_seconds);
  request.mutable_wait()->set_seconds(absl::IDivDuration(rest, absl::Seconds(1), &rest));
  request.mutable_wait()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  v1::FlushTrackingResponse reply;
  const grpc::Status status = Call(session.connection, &Stub::FlushTracking, request, &reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    session.streams.out << FlushText(reply);
  }
  return OutboxExitCode(reply.left());
}

}  // namespace assay::client
