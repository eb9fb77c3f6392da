// Cancels the running call when the user presses Ctrl-C.
#ifndef ASSAY_CLIENT_TERMINAL_INTERRUPT_H_
#define ASSAY_CLIENT_TERMINAL_INTERRUPT_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"

namespace assay::client {

// Remembers that the user wants to stop, and cancels the running call. Thread-safe.
class Interrupt {
 public:
  // Cancels the watched call, if any, and every call watched later. Must not be called in a signal
  // handler.
  void Raise();
  bool raised() const;
  // Must be called once the command ends by itself when raised. Before that (while it reads a
  // prompt from a terminal) there is nothing to undo, and SignalWatcher ends the process.
  void Arm();
  bool armed() const;
  // Waits for `time` or until raised. Returns raised().
  bool WaitFor(absl::Duration time);

 private:
  friend class WatchedCall;
  mutable absl::Mutex mutex_;
  bool raised_ ABSL_GUARDED_BY(mutex_) = false;
  bool armed_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::ClientContext* call_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

// Lets an Interrupt cancel a call during the lifetime of this object. An Interrupt watches one call
// at a time.
class WatchedCall {
 public:
  WatchedCall(Interrupt& interrupt, grpc::ClientContext& context);
  ~WatchedCall();
  WatchedCall(const WatchedCall&) = delete;
  WatchedCall& operator=(const WatchedCall&) = delete;

 private:
  Interrupt& interrupt_;
};

// Turns the process's SIGINT and SIGTERM into Raise(). A signal before Arm(), and a second signal,
// end the process at once with exit code 130. Must be constructed before any other thread starts,
// because it blocks the signals in the calling thread and threads inherit that. At most one per
// process.
class SignalWatcher {
 public:
  explicit SignalWatcher(Interrupt& interrupt);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  std::thread thread_;
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_INTERRUPT_H_
