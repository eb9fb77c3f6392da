// Counts what the callers with one key use.
#include "server/access/key_meter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/mutex_lock.h"

namespace assay::server {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);
// The refusals of a key that are audited in a minute. More would push older lines out of the log.
constexpr int kAuditedDenials = 30;

int64_t DayOf(absl::Time time) { return absl::Floor(time - absl::UnixEpoch(), kDay) / kDay; }

Refusal Exhausted(const std::string& message, absl::Duration retry_after) {
  return {.status = absl::ResourceExhaustedError(message), .retry_after = retry_after};
}

}  // namespace

KeyMeter::KeyMeter(std::string name, const KeyLimits& limits, TokenCount spent)
    : name_(std::move(name)),
      limits_(limits),
      bucket_(static_cast<double>(limits.requests_per_minute)),
      spent_(spent) {}

Refusal KeyMeter::Begin(absl::Duration steady, absl::Time now) {
  const MutexLock lock(mutex_);
  if (limits_.max_concurrent > 0 && running_ >= limits_.max_concurrent) {
    return Exhausted(absl::StrCat("key ", name_, ": ", running_,
                                  " calls run, which is its max_concurrent; wait for one to end"),
                     absl::ZeroDuration());
  }
  StartDay(now);
  if (limits_.tokens_per_day > 0 && spent_.tokens >= limits_.tokens_per_day) {
    const absl::Time tomorrow = absl::UnixEpoch() + (spent_.day + 1) * kDay;
    return Exhausted(
        absl::StrCat("key ", name_, ": ", spent_.tokens, " of its ", limits_.tokens_per_day,
                     " tokens_per_day are used; they are full again at 00:00 UTC"),
        tomorrow - now);
  }
  if (limits_.requests_per_minute > 0) {
    const auto rate = static_cast<double>(limits_.requests_per_minute);
    if (refilled_ > absl::ZeroDuration()) {
      bucket_ =
          std::min(rate, bucket_ + rate * absl::FDivDuration(steady - refilled_, absl::Minutes(1)));
    }
    refilled_ = steady;
    if (bucket_ < 1) {
      return Exhausted(absl::StrCat("key ", name_, ": has used its ", limits_.requests_per_minute,
                                    " requests_per_minute; retry later"),
                       absl::Minutes((1 - bucket_) / rate));
    }
    bucket_ -= 1;
  }
  ++running_;
  return {};
}

void KeyMeter::End() {
  const MutexLock lock(mutex_);
  --running_;
}

bool KeyMeter::CountDenial(absl::Duration steady) {
  const MutexLock lock(mutex_);
  if (steady - denials_since_ >= absl::Minutes(1)) {
    denials_since_ = steady;
    denials_ = 0;
  }
  return ++denials_ <= kAuditedDenials;
}

void KeyMeter::AddTokens(int64_t tokens, absl::Time now) {
  const MutexLock lock(mutex_);
  StartDay(now);
  spent_.tokens += tokens;
}

int64_t KeyMeter::TokensToday(absl::Time now) {
  const MutexLock lock(mutex_);
  StartDay(now);
  return spent_.tokens;
}

TokenCount KeyMeter::spent() const {
  const MutexLock lock(mutex_);
  return spent_;
}

void KeyMeter::StartDay(absl::Time now) {
  // A clock that is set back by some hours does not give the quota again; one that was years ahead
  // does not withhold it for years.
  const int64_t day = DayOf(now);
  if (day > spent_.day || day + 1 < spent_.day) spent_ = {.day = day};
}

}  // namespace assay::server
