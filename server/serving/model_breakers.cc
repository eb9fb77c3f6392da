// The circuit breakers of all models.
#include "server/serving/model_breakers.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/mutex_lock.h"
#include "base/steady_time.h"
#include "server/rpc/grpc_status.h"

namespace assay::server {
namespace {

// The longest quotation of an error in the refusal of other requests.
constexpr size_t kMaxErrorBytes = 300;

// Must be called with the breakers' lock held.
Breaker::DrawFn RandomDraw() {
  auto random = std::make_shared<std::mt19937_64>(std::random_device{}());
  return [random] { return std::uniform_real_distribution<double>()(*random); };
}

absl::Status Refusal(const std::string& model, const BreakerStatus& status) {
  const std::string when =
      status.state == BreakerState::kOpen
          ? absl::StrFormat("in %.1f s", absl::ToDoubleSeconds(status.retry_after))
          : "just now, by one request";
  absl::Status refusal = absl::UnavailableError(absl::StrCat(
      "model '", model, "' failed ", status.failures, " times in a row, the last time with ",
      status.last_error, "; it is tried again ", when, ", or at once by `assay load ", model, "`"));
  SetRetryDelay(status.retry_after, &refusal);
  return refusal;
}

}  // namespace

ModelBreakers::Permit::Permit(Permit&& other) noexcept
    : breakers_(std::exchange(other.breakers_, nullptr)),
      model_(std::move(other.model_)),
      round_(other.round_),
      trial_(other.trial_) {}

ModelBreakers::Permit& ModelBreakers::Permit::operator=(Permit&& other) noexcept {
  std::swap(breakers_, other.breakers_);
  std::swap(model_, other.model_);
  std::swap(round_, other.round_);
  std::swap(trial_, other.trial_);
  return *this;
}

ModelBreakers::Permit::~Permit() {
  End([this](Breaker& breaker, Breaker::Time) { breaker.Abandon(round_); });
}

template <typename Change>
void ModelBreakers::Permit::End(const Change& change) {
  if (breakers_ == nullptr) return;
  std::exchange(breakers_, nullptr)->Apply(model_, change);
}

void ModelBreakers::Permit::OnText() {
  if (trial_) Succeed();
}

void ModelBreakers::Permit::Succeed() {
  End([this](Breaker& breaker, Breaker::Time) { breaker.Succeed(round_); });
}

void ModelBreakers::Permit::Fail(const absl::Status& error) {
  End([this, &error](Breaker& breaker, Breaker::Time now) {
    breaker.Fail(round_,
                 absl::StrCat(absl::StatusCodeToString(error.code()), " (",
                              error.message().substr(0, kMaxErrorBytes), ")"),
                 now);
  });
}

ModelBreakers::ModelBreakers(const BreakerConfig& config, ChangeFn changed, ClockFn clock,
                             Breaker::DrawFn draw)
    : config_(config),
      changed_(std::move(changed)),
      clock_(clock ? std::move(clock) : SteadyNow),
      draw_(draw ? std::move(draw) : RandomDraw()) {}

BreakerStatus ModelBreakers::StatusOf(const Breaker& breaker, Breaker::Time now) const {
  return {.state = breaker.state(),
          .failures = breaker.failures(),
          .last_error = breaker.last_error(),
          .retry_after = breaker.RetryAfter(now)};
}

template <typename Change>
void ModelBreakers::Apply(const std::string& model, const Change& change) {
  BreakerStatus status;
  bool changed = false;
  {
    const MutexLock lock(mutex_);
    Breaker& breaker = breakers_.try_emplace(model, config_, draw_).first->second;
    const Breaker::Time now = clock_();
    const BreakerState before = breaker.state();
    change(breaker, now);
    changed = breaker.state() != before;
    status = StatusOf(breaker, now);
  }
  if (changed && changed_) changed_(model, status);
}

absl::StatusOr<ModelBreakers::Permit> ModelBreakers::Admit(const std::string& model) {
  std::optional<uint64_t> round;
  BreakerStatus status;
  Apply(model, [&](Breaker& breaker, Breaker::Time now) {
    round = breaker.Admit(now);
    status = StatusOf(breaker, now);
  });
  if (!round.has_value()) return Refusal(model, status);
  return Permit(this, model, *round, status.state == BreakerState::kHalfOpen);
}

const Breaker* ModelBreakers::Find(std::string_view model) const {
  const auto it = breakers_.find(absl::string_view(model.data(), model.size()));
  return it == breakers_.end() ? nullptr : &it->second;
}

BreakerStatus ModelBreakers::Get(std::string_view model) const {
  const MutexLock lock(mutex_);
  const Breaker* breaker = Find(model);
  return breaker == nullptr ? BreakerStatus() : StatusOf(*breaker, clock_());
}

bool ModelBreakers::Refuses(std::string_view model) const {
  return Get(model).retry_after > absl::ZeroDuration();
}

void ModelBreakers::Reset(std::string_view model) {
  Apply(std::string(model), [](Breaker& breaker, Breaker::Time) { breaker.Reset(); });
}

void ModelBreakers::ResetAll() {
  std::vector<std::string> models;
  {
    const MutexLock lock(mutex_);
    models.reserve(breakers_.size());
    for (const auto& [model, breaker] : breakers_) models.push_back(model);
  }
  for (const std::string& model : models) Reset(model);
}

bool IsModelFault(const absl::Status& error, FailedPart part) {
  switch (error.code()) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return true;
    case absl::StatusCode::kUnimplemented:
      return part == FailedPart::kLoad;
    default:
      return false;
  }
}

}  // namespace assay::server
