// A call from its first message to the end of its reply.
#include "server/rpc/running_call.h"

#include <exception>
#include <new>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::server {

absl::Status UnreadRepliesError() {
  return absl::ResourceExhaustedError(
      "the replies that other callers have not read yet hold all the memory for messages; retry "
      "later");
}

bool RunningCall::Open(int64_t request_bytes) {
  self_ = shared_from_this();
  calls_->Add(this);
  return Reserve(request_bytes);
}

bool RunningCall::Reserve(int64_t bytes) {
  if (!calls_->Reserve(bytes)) return false;
  bytes_ += bytes;
  return true;
}

void RunningCall::Release(int64_t bytes) {
  calls_->Release(bytes);
  bytes_ -= bytes;
}

absl::Status RunningCall::Result(const Handler& handler) {
  RETURN_IF_ERROR(call_.context().Check());
  try {
    return handler(call_);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(
        "the server has no memory left for this call; unload a model, send less at once, or retry "
        "later");
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the machine refused what this call needs (", error.what(), "); retry later"));
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("the call failed: ", error.what()));
  }
}

void RunningCall::Close() {
  calls_->Remove(this);
  // The handler's thread may hold the last reference.
  const std::shared_ptr<RunningCall> self = std::move(self_);
}

void UnaryCall::Run(const Handler& handler) {
  absl::Status status = Result(handler);
  if (status.ok() && !Reserve(static_cast<int64_t>(reply_->ByteSizeLong()))) {
    status = UnreadRepliesError();
  }
  Refuse(status);
}

void UnaryCall::Refuse(const absl::Status& status) {
  BeginWait();
  call().EndAdmission();
  Finish(ToGrpcStatus(status));
}

}  // namespace assay::server
