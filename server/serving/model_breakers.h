// The circuit breakers of all models, and which errors count as a model's fault.
#ifndef ASSAY_SERVER_SERVING_MODEL_BREAKERS_H_
#define ASSAY_SERVER_SERVING_MODEL_BREAKERS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/serving/breaker.h"

namespace assay::server {

struct BreakerStatus {
  BreakerState state = BreakerState::kClosed;
  int failures = 0;
  // Code and message, as in "DATA_LOSS (truncated)". Empty if the last request succeeded or there
  // was none.
  std::string last_error;
  // The value of Breaker::RetryAfter().
  absl::Duration retry_after;
};

// Keeps one breaker per model that was ever requested. Thread-safe. Every call costs one lock and
// one look-up.
class ModelBreakers {
 public:
  // Called after a change of state, without any lock held: two changes may be reported in either
  // order.
  using ChangeFn = std::function<void(const std::string& model, const BreakerStatus& now)>;
  using ClockFn = std::function<Breaker::Time()>;

  // The permission to send one request to a model. Its holder reports the outcome; a permit that is
  // destroyed without a report counts neither way. Move-only. Must not outlive the breakers.
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&& other) noexcept;
    Permit& operator=(Permit&& other) noexcept;
    ~Permit();

    // Must be called when the model has produced text. The first text of a trial closes the
    // breaker, so that other requests need not wait for the last one.
    void OnText();
    void Succeed();
    // Must be called only for errors that are the fault of the model or the machine.
    void Fail(const absl::Status& error);

   private:
    friend class ModelBreakers;
    Permit(ModelBreakers* breakers, std::string model, uint64_t round, bool trial)
        : breakers_(breakers), model_(std::move(model)), round_(round), trial_(trial) {}
    template <typename Change>
    void End(const Change& change);

    ModelBreakers* breakers_ = nullptr;
    std::string model_;
    uint64_t round_ = 0;
    bool trial_ = false;
  };

  // `clock` may be null: the machine's monotonic clock. `draw` may be null: std::mt19937_64.
  explicit ModelBreakers(const BreakerConfig& config, ChangeFn changed = nullptr,
                         ClockFn clock = nullptr, Breaker::DrawFn draw = nullptr);

  // Returns UNAVAILABLE with RetryInfo (base/retry_delay.h) if the model's breaker is open.
  // The message has the model, its last error and when it will be tried again.
  absl::StatusOr<Permit> Admit(const std::string& model) ABSL_LOCKS_EXCLUDED(mutex_);
  // True if Admit() would refuse now.
  bool Refuses(std::string_view model) const ABSL_LOCKS_EXCLUDED(mutex_);
  BreakerStatus Get(std::string_view model) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Closes the breaker, because somebody may have repaired the model.
  void Reset(std::string_view model) ABSL_LOCKS_EXCLUDED(mutex_);
  void ResetAll() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const Breaker* Find(std::string_view model) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  BreakerStatus StatusOf(const Breaker& breaker, Breaker::Time now) const;
  // Calls change(breaker, now), then reports a change of state. Creates a missing breaker.
  template <typename Change>
  void Apply(const std::string& model, const Change& change) ABSL_LOCKS_EXCLUDED(mutex_);

  const BreakerConfig config_;
  const ChangeFn changed_;
  const ClockFn clock_;
  const Breaker::DrawFn draw_;
  mutable absl::Mutex mutex_;
  // Breakers are never erased: round numbers must not restart while requests run.
  absl::flat_hash_map<std::string, Breaker> breakers_ ABSL_GUARDED_BY(mutex_);
};

// The step that returned an error.
enum class FailedPart {
  kLoad,
  kGeneration,
};
// True if an error is the fault of the model or the machine, and not of the request: INTERNAL,
// UNKNOWN, DATA_LOSS, and UNIMPLEMENTED if a load returned it. The caller judges deadlines.
bool IsModelFault(const absl::Status& error, FailedPart part);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_MODEL_BREAKERS_H_
