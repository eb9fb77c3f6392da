// Counts what the callers with one key use.
#ifndef ASSAY_SERVER_ACCESS_KEY_METER_H_
#define ASSAY_SERVER_ACCESS_KEY_METER_H_

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/access/api_key.h"

namespace assay::server {

// The refusal of a call, and when it may succeed.
struct Refusal {
  absl::Status status;
  // Zero: unknown.
  absl::Duration retry_after;
};

// The tokens of one day in UTC.
struct TokenCount {
  // Days since 1970-01-01.
  int64_t day = 0;
  int64_t tokens = 0;
};

// Thread-safe.
class KeyMeter {
 public:
  // `name` is the key's, for messages. `spent` is what earlier processes counted.
  KeyMeter(std::string name, const KeyLimits& limits, TokenCount spent);

  // Begins a call, which must end with End() if the status is OK. RESOURCE_EXHAUSTED: a limit is
  // reached. `steady` is SteadyNow(): a bucket that holds the requests of a minute is refilled
  // continuously. `now` is the time of day.
  Refusal Begin(absl::Duration steady, absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_);
  void End() ABSL_LOCKS_EXCLUDED(mutex_);

  // Says whether one more refusal of this key is worth a line in the audit log: a minute has a few.
  bool CountDenial(absl::Duration steady) ABSL_LOCKS_EXCLUDED(mutex_);

  // Counts tokens. The call that exceeds the quota is not cut off; the next one is refused.
  void AddTokens(int64_t tokens, absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_);
  int64_t TokensToday(absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_);
  // What a later process needs to go on.
  TokenCount spent() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void StartDay(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string name_;
  const KeyLimits limits_;
  mutable absl::Mutex mutex_;
  // The requests that may begin now.
  double bucket_ ABSL_GUARDED_BY(mutex_);
  absl::Duration refilled_ ABSL_GUARDED_BY(mutex_);
  int64_t running_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration denials_since_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
  int denials_ ABSL_GUARDED_BY(mutex_) = 0;
  TokenCount spent_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ACCESS_KEY_METER_H_
