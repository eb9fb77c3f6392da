// The circuit breakers of all models, and what an error says of a model.
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
  // "DATA_LOSS (what it said)"; empty: the last request succeeded, or none came.
  std::string last_error;
  // As Breaker::RetryAfter().
  absl::Duration retry_after;
};

// One breaker a model that was asked for. Thread-safe; a lock and a look-up a call.
class ModelBreakers {
 public:
  // After a change of state; without any lock held, so two changes may be told in either order.
  using ChangeFn = std::function<void(const std::string& model, const BreakerStatus& now)>;
  using ClockFn = std::function<Breaker::Time()>;

  // Leave to send one request to a model. Says at its end how that went: nothing said counts as
  // nothing known. Move-only; must not outlive the breakers.
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&& other) noexcept;
    Permit& operator=(Permit&& other) noexcept;
    ~Permit();

    // The first text of a trial closes the breaker: others need not wait for the last.
    void Wrote();
    void Succeed();
    // The fault of the model or the machine.
    void Fail(const absl::Status& error);

   private:
    friend class ModelBreakers;
    Permit(ModelBreakers* breakers, std::string model, uint64_t round, bool trial)
        : breakers_(breakers), model_(std::move(model)), round_(round), trial_(trial) {}
    template <typename Tell>
    void End(const Tell& tell);

    ModelBreakers* breakers_ = nullptr;
    std::string model_;
    uint64_t round_ = 0;
    bool trial_ = false;
  };

  // `clock` null: the machine's. `draw` null: std::mt19937_64.
  explicit ModelBreakers(const BreakerConfig& config, ChangeFn changed = nullptr,
                         ClockFn clock = nullptr, Breaker::DrawFn draw = nullptr);

  // UNAVAILABLE, with RetryInfo (grpc_status.h): the model's breaker is open. Names the model, its
  // last error and when it will be tried again.
  absl::StatusOr<Permit> Admit(const std::string& model) ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether Admit() would refuse now.
  bool Refuses(std::string_view model) const ABSL_LOCKS_EXCLUDED(mutex_);
  BreakerStatus Get(std::string_view model) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Somebody has mended something: from now on requests are admitted.
  void Reset(std::string_view model) ABSL_LOCKS_EXCLUDED(mutex_);
  void ResetAll() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const Breaker* Find(std::string_view model) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  BreakerStatus StatusOf(const Breaker& breaker, Breaker::Time now) const;
  // Calls change(breaker, now), then tells of a change of state. Makes the breaker if it is not
  // there.
  template <typename Change>
  void Apply(const std::string& model, const Change& change) ABSL_LOCKS_EXCLUDED(mutex_);

  const BreakerConfig config_;
  const ChangeFn changed_;
  const ClockFn clock_;
  const Breaker::DrawFn draw_;
  mutable absl::Mutex mutex_;
  // None is ever erased: rounds must not begin anew while requests run.
  absl::flat_hash_map<std::string, Breaker> breakers_ ABSL_GUARDED_BY(mutex_);
};

// Where an error came from.
enum class FailedPart {
  kLoad,
  kGeneration,
};
// Whether an error is the fault of the model or the machine, whoever asks: INTERNAL, UNKNOWN,
// DATA_LOSS, and UNIMPLEMENTED of a load. Deadlines are not judged here.
bool IsModelFault(const absl::Status& error, FailedPart part);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_MODEL_BREAKERS_H_
