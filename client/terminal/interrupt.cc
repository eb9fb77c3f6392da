// Waits for signals in a thread and cancels the watched call.
#include "client/terminal/interrupt.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/mutex_lock.h"
#include "client/terminal/exit_code.h"

namespace assay::client {
namespace {

// Ends the waiting thread.
constexpr int kEndSignal = SIGUSR2;

sigset_t WatchedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, kEndSignal);
  return signals;
}

}  // namespace

void Interrupt::Raise() {
  const MutexLock lock(mutex_);
  raised_ = true;
  if (call_ != nullptr) call_->TryCancel();
}

bool Interrupt::raised() const {
  const MutexLock lock(mutex_);
  return raised_;
}

void Interrupt::Arm() {
  const MutexLock lock(mutex_);
  armed_ = true;
}

bool Interrupt::armed() const {
  const MutexLock lock(mutex_);
  return armed_;
}

bool Interrupt::WaitFor(absl::Duration time) {
  const MutexLock lock(mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&raised_), time);
}

WatchedCall::WatchedCall(Interrupt& interrupt, grpc::ClientContext& context)
    : interrupt_(interrupt) {
  const MutexLock lock(interrupt_.mutex_);
  interrupt_.call_ = &context;
  if (interrupt_.raised_) context.TryCancel();
}

WatchedCall::~WatchedCall() {
  const MutexLock lock(interrupt_.mutex_);
  interrupt_.call_ = nullptr;
}

SignalWatcher::SignalWatcher(Interrupt& interrupt) {
  const sigset_t signals = WatchedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::thread([&interrupt, signals] {
    while (true) {
      int signal = 0;
      if (sigwait(&signals, &signal) != 0 || signal == kEndSignal) return;
      if (interrupt.raised() || !interrupt.armed()) _exit(kExitInterrupted);
      interrupt.Raise();
    }
  });
}

SignalWatcher::~SignalWatcher() {
  pthread_kill(thread_.native_handle(), kEndSignal);
  thread_.join();
}

}  // namespace assay::client
