// A limit on how many callers do something at once.
#include "base/slots.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/mutex_lock.h"

namespace assay {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(20);

}  // namespace

Slots::Slot::Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)) {}

Slots::Slot& Slots::Slot::operator=(Slot&& other) noexcept {
  std::swap(slots_, other.slots_);
  return *this;
}

Slots::Slot::~Slot() {
  if (slots_ != nullptr) slots_->Release();
}

absl::StatusOr<Slots::Slot> Slots::Acquire(const CallContext& context, std::string_view doing) {
  const MutexLock lock(mutex_);
  while (!mutex_.AwaitWithTimeout(absl::Condition(this, &Slots::HasFree), kPoll)) {
    if (context.IsCancelled()) return context.Check();
    if (!context.IsLate()) continue;
    return absl::ResourceExhaustedError(absl::StrCat(
        count_, " ", std::string(doing), "; the deadline passed while this one waited, try again"));
  }
  --free_;
  return Slot(this);
}

void Slots::Release() {
  const MutexLock lock(mutex_);
  ++free_;
}

}  // namespace assay
