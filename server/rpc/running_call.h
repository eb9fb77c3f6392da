// A call from its first message to the end of its reply.
#ifndef ASSAY_SERVER_RPC_RUNNING_CALL_H_
#define ASSAY_SERVER_RPC_RUNNING_CALL_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/mutex_lock.h"
#include "google/protobuf/message_lite.h"
#include "grpcpp/support/server_callback.h"
#include "server/rpc/grpc_status.h"
#include "server/rpc/message_writer.h"
#include "server/rpc/open_calls.h"
#include "server/rpc/server_call.h"

namespace assay::server {

// Returns the error of calls whose replies find no memory.
absl::Status UnreadRepliesError();

// What unary calls and streams have in common. It keeps itself alive from Open() to Close().
class RunningCall : public OpenCall, public std::enable_shared_from_this<RunningCall> {
 public:
  using Handler = std::function<absl::Status(const ServerCall&)>;

  // `calls` must outlive the call.
  RunningCall(ServerCall call, OpenCalls* calls) : call_(std::move(call)), calls_(calls) {}
  ~RunningCall() override { calls_->Release(bytes_); }

  // Counts the bytes of the request, and keeps the call alive. Returns false if they do not fit
  // beside those of other calls.
  bool Open(int64_t request_bytes);

  const ServerCall& server_call() const { return call_; }

  // Returns CANCELLED or DEADLINE_EXCEEDED if the call has ended already.
  absl::Status Check() const { return call_.Check(); }

  // Runs the handler on the calling thread, and then sends its status.
  virtual void Run(const Handler& handler) = 0;
  // Ends a call whose handler does not run.
  virtual void Refuse(const absl::Status& status) = 0;

  void Cancel() override { call_.TryCancel(); }

 protected:
  ServerCall& call() { return call_; }

  // Counts bytes of a reply until the call ends or Release().
  bool Reserve(int64_t bytes);
  void Release(int64_t bytes);

  // Returns the error of the call if it ended before its handler began, else the handler's result.
  absl::Status Result(const Handler& handler);

  // Called by gRPC's last notification. The object may be destroyed.
  void Close();

 private:
  ServerCall call_;
  OpenCalls* const calls_;
  std::atomic<int64_t> bytes_ = 0;
  // Until Close().
  std::shared_ptr<RunningCall> self_;
};

// A call with one reply.
class UnaryCall final : public grpc::ServerUnaryReactor, public RunningCall {
 public:
  // `reply` is written by the handler; it is gRPC's, and lives until the call ends.
  UnaryCall(ServerCall call, OpenCalls* calls, const google::protobuf::MessageLite* reply)
      : RunningCall(std::move(call), calls), reply_(reply) {}

  void Run(const Handler& handler) override;
  void Refuse(const absl::Status& status) override;

  void OnCancel() override { call().MarkCancelled(); }
  void OnDone() override { Close(); }

 private:
  const google::protobuf::MessageLite* const reply_;
};

// The most bytes of one stream that wait for its reader before its handler waits too.
inline constexpr int64_t kMaxWaitingBytes = int64_t{1} << 20;

// A call whose reply is a stream of messages.
//
// Each message is sent after the one before it: Write() starts the first, and the end of one starts
// the next.
template <typename Message>
class StreamCall final : public grpc::ServerWriteReactor<Message>,
                         public RunningCall,
                         public MessageWriter<Message> {
 public:
  StreamCall(ServerCall call, OpenCalls* calls) : RunningCall(std::move(call), calls) {}

  void Run(const Handler& handler) override { End(Result(handler)); }
  void Refuse(const absl::Status& status) override { End(status); }

  bool Write(Message message) override ABSL_LOCKS_EXCLUDED(mutex_) {
    const auto bytes = static_cast<int64_t>(message.ByteSizeLong());
    const MutexLock lock(mutex_);
    while (!closed_ && waiting_bytes_ > kMaxWaitingBytes) room_.Wait(&mutex_);
    if (closed_) return false;
    if (!Reserve(bytes)) {
      // A caller that reads leaves no bytes behind, so this one is not served further.
      closed_ = true;
      exhausted_ = true;
      return false;
    }
    waiting_bytes_ += bytes;
    messages_.push_back({.message = std::move(message), .bytes = bytes});
    if (messages_.size() == 1) StartNext();
    return true;
  }

  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    this->EndWait();
    Forget();
    if (!ok) {
      closed_ = true;
      while (!messages_.empty()) Forget();
    }
    room_.SignalAll();
    if (!messages_.empty()) {
      StartNext();
    } else if (ended_) {
      Finish();
    }
  }

  void OnCancel() override ABSL_LOCKS_EXCLUDED(mutex_) {
    call().MarkCancelled();
    const MutexLock lock(mutex_);
    closed_ = true;
    room_.SignalAll();
  }

  void OnDone() override { Close(); }

 private:
  struct Waiting {
    Message message;
    int64_t bytes = 0;
  };

  void StartNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    this->BeginWait();
    this->StartWrite(&messages_.front().message);
  }

  void Forget() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    waiting_bytes_ -= messages_.front().bytes;
    this->Release(messages_.front().bytes);
    messages_.pop_front();
  }

  void End(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    ended_ = true;
    status_ = exhausted_ ? UnreadRepliesError() : status;
    if (messages_.empty()) Finish();
  }

  void Finish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    this->BeginWait();
    call().EndAdmission();
    grpc::ServerWriteReactor<Message>::Finish(ToGrpcStatus(status_));
  }

  absl::Mutex mutex_;
  absl::CondVar room_;
  // The first one is being sent.
  std::deque<Waiting> messages_ ABSL_GUARDED_BY(mutex_);
  int64_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // True if nothing more can be sent.
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  // True if the messages of all calls held too many bytes for another one.
  bool exhausted_ ABSL_GUARDED_BY(mutex_) = false;
  // True once the handler has returned.
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_RUNNING_CALL_H_
