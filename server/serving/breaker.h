// A circuit breaker: stops sending requests to a model that keeps failing, and later tries it with
// one request before it admits the others.
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
  kOpen,      // No request is admitted until the cool-down has passed.
  kHalfOpen,  // One request at a time is admitted as a trial.
};
// Returns "closed", "open" or "half_open".
std::string_view BreakerStateName(BreakerState state);

// The state machine of one breaker, without clock, locks and threads. Thread-compatible.
//
// An admitted request receives the number of the current round and returns it with its result. The
// number changes with every change of state and every trial. Results of earlier rounds change
// nothing: a request from before the breaker opened neither closes it nor extends its cool-down.
class Breaker {
 public:
  // A monotonic time since an arbitrary moment.
  using Time = absl::Duration;
  // Returns a random number in [0, 1). It shortens each cool-down by up to a tenth, so that servers
  // that failed together do not retry together.
  using DrawFn = std::function<double()>;

  // `draw` may be null: the cool-downs then have no jitter.
  Breaker(const BreakerConfig& config, DrawFn draw);

  // Returns the number of the round, or nullopt if the request is not admitted. Each admitted
  // request must end with one of the next three calls.
  std::optional<uint64_t> Admit(Time now);
  void Succeed(uint64_t round);
  // Reports a failure that is the model's fault. `error` is shown to people.
  void Fail(uint64_t round, std::string error, Time now);
  // Reports an outcome that does not count: the request was wrong, or its caller left. An abandoned
  // trial admits the next one.
  void Abandon(uint64_t round);
  // Returns to the initial state; round numbers continue.
  void Reset();

  BreakerState state() const { return state_; }
  // The number of consecutive failures; once the breaker has opened, of all since the last success.
  int failures() const { return failures_; }
  // The error of the last failure. Empty after a success.
  const std::string& last_error() const { return last_error_; }
  // Returns the time until a request may be admitted; 0 if one may be admitted now. Returns
  // kTrialPoll while a trial runs, because its end is unknown.
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
  // The current cool-down without jitter. Valid in kOpen and kHalfOpen.
  absl::Duration cool_down_;
  // Valid in kOpen.
  Time retry_at_;
  // Valid in kHalfOpen.
  bool trial_runs_ = false;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_BREAKER_H_
