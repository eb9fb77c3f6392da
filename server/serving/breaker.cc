// The state machine of a circuit breaker.
#include "server/serving/breaker.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"

namespace assay::server {
namespace {

// The largest share of a cool-down that the jitter takes away.
constexpr double kJitter = 0.1;

}  // namespace

std::string_view BreakerStateName(BreakerState state) {
  switch (state) {
    case BreakerState::kClosed:
      return "closed";
    case BreakerState::kOpen:
      return "open";
    case BreakerState::kHalfOpen:
      return "half_open";
  }
  return "unknown";
}

Breaker::Breaker(const BreakerConfig& config, DrawFn draw)
    : config_(config), draw_(std::move(draw)) {}

void Breaker::Enter(BreakerState state) {
  state_ = state;
  trial_runs_ = false;
  ++round_;
}

void Breaker::Open(absl::Duration cool_down, Time now) {
  Enter(BreakerState::kOpen);
  cool_down_ = std::min(cool_down, config_.longest_cool_down);
  retry_at_ = now + cool_down_ * (1 - kJitter * (draw_ ? draw_() : 0));
}

std::optional<uint64_t> Breaker::Admit(Time now) {
  if (state_ == BreakerState::kClosed) return round_;
  if (state_ == BreakerState::kOpen) {
    if (now < retry_at_) return std::nullopt;
    Enter(BreakerState::kHalfOpen);
  }
  if (trial_runs_) return std::nullopt;
  trial_runs_ = true;
  return ++round_;
}

void Breaker::Succeed(uint64_t round) {
  if (round != round_) return;
  failures_ = 0;
  last_error_.clear();
  if (state_ == BreakerState::kHalfOpen) Enter(BreakerState::kClosed);
}

void Breaker::Fail(uint64_t round, std::string error, Time now) {
  if (round != round_ || config_.failures == 0) return;
  ++failures_;
  last_error_ = std::move(error);
  if (state_ == BreakerState::kHalfOpen) {
    Open(2 * cool_down_, now);
  } else if (failures_ >= config_.failures) {
    Open(config_.cool_down, now);
  }
}

void Breaker::Abandon(uint64_t round) {
  if (round == round_) trial_runs_ = false;
}

void Breaker::Reset() {
  Enter(BreakerState::kClosed);
  failures_ = 0;
  last_error_.clear();
}

absl::Duration Breaker::RetryAfter(Time now) const {
  if (state_ == BreakerState::kOpen) return std::max(retry_at_ - now, absl::ZeroDuration());
  return trial_runs_ ? kTrialPoll : absl::ZeroDuration();
}

}  // namespace assay::server
