// A circuit breaker: what fails again and again is left alone for a while, and then tried with one
// request before the others.
#ifndef ASSAY_SERVER_SERVING_BREAKER_H_
#define ASSAY_SERVER_SERVING_BREAKER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "server/config/breaker_config.h"

namespace assay::server {

// kClosed -> kOpen -> kHalfOpen -> kClosed | kOpen; Reset(): any -> kClosed.
enum class BreakerState {
  kClosed,    // Every request is admitted.
  kOpen,      // None is, until the cool-down has passed.
  kHalfOpen,  // One at a time is: a trial.
};
// "closed", "open", "half_open".
std::string_view BreakerStateName(BreakerState state);

// The state machine of one breaker: no clock, no locks, no threads. Thread-compatible.
//
// A request that is admitted gets the number of the round, which changes with every change of state
// and every trial, and gives it back with its result: results of earlier rounds change nothing. So
// a request from before the opening neither closes the breaker nor lengthens its cool-down.
class Breaker {
 public:
  // On a clock that never goes back; since whatever moment.
  using Time = absl::Duration;
  // At random, from 0 to below 1: shortens each cool-down by up to a tenth, so that servers that
  // failed together do not try together.
  using DrawFn = std::function<double()>;

  // `draw` null: no jitter.
  Breaker(const BreakerConfig& config, DrawFn draw);

  // The round, or null: not admitted. Everyone admitted calls one of the next three at its end.
  std::optional<uint64_t> Admit(Time now);
  // The model did what it was asked to.
  void Succeed(uint64_t round);
  // Its fault. `error`: for people.
  void Fail(uint64_t round, std::string error, Time now);
  // Says nothing of the model: the caller's own fault, or it went away. A trial makes room for the
  // next.
  void Abandon(uint64_t round);
  // As made, but for the number of the round.
  void Reset();

  BreakerState state() const { return state_; }
  // In a row; once it has opened: since the last success.
  int failures() const { return failures_; }
  // Of the last failure; empty after a success.
  const std::string& last_error() const { return last_error_; }
  // Until a request may be admitted: 0 now; kTrialPoll while a trial runs, whose end nobody knows.
  absl::Duration RetryAfter(Time now) const;

  static constexpr absl::Duration kTrialPoll = absl::Seconds(1);

 private:
  void Open(absl::Duration cool_down, Time now);
  void Enter(BreakerState state);

  BreakerConfig config_;
  DrawFn draw_;
  BreakerState state_ = BreakerState::kClosed;
  uint64_t round_ = 0;
  int failures_ = 0;
  std::string last_error_;
  // Of kOpen and kHalfOpen; before the jitter.
  absl::Duration cool_down_;
  // Of kOpen.
  Time retry_at_;
  // Of kHalfOpen.
  bool trial_runs_ = false;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_BREAKER_H_
