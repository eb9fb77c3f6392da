// Ctrl-C as a cancelled call.
#ifndef ASSAY_CLIENT_TERMINAL_INTERRUPT_H_
#define ASSAY_CLIENT_TERMINAL_INTERRUPT_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"

namespace assay::client {

// Holds whether the user wants to stop, and cancels the call at hand when they do. Thread-safe.
class Interrupt {
 public:
  // Cancels the watched call, if any, and every one watched later. Not for signal handlers.
  void Raise();
  bool raised() const;
  // From here on the command ends by itself when raised. Before (reading a prompt from a terminal)
  // there is nothing to undo, and SignalWatcher ends the process.
  void Arm();
  bool armed() const;
  // Waits that long, or until raised. Returns raised().
  bool WaitFor(absl::Duration time);

 private:
  friend class WatchedCall;
  mutable absl::Mutex mutex_;
  bool raised_ ABSL_GUARDED_BY(mutex_) = false;
  bool armed_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::ClientContext* call_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

// Lets an Interrupt cancel this call for as long as the object lives. One at a time.
class WatchedCall {
 public:
  WatchedCall(Interrupt& interrupt, grpc::ClientContext& context);
  ~WatchedCall();
  WatchedCall(const WatchedCall&) = delete;
  WatchedCall& operator=(const WatchedCall&) = delete;

 private:
  Interrupt& interrupt_;
};

// Turns the process's SIGINT and SIGTERM into Raise. A signal before Arm, and a second one, end
// the process at once with 130. Construct before any other thread (blocks the signals in the
// caller, children inherit); one a process.
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
