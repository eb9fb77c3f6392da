// A limit on how many callers do something at once.
#include "base/slots.h"

#include <algorithm>
#include <list>
#include <string>
#include <string_view>
#include <tuple>
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

Slots::Slot::Slot(Slot&& other) noexcept
    : slots_(std::exchange(other.slots_, nullptr)), account_(other.account_) {}

Slots::Slot& Slots::Slot::operator=(Slot&& other) noexcept {
  std::swap(slots_, other.slots_);
  std::swap(account_, other.account_);
  return *this;
}

Slots::Slot::~Slot() {
  if (slots_ != nullptr) slots_->Release(account_);
}

absl::StatusOr<Slots::Slot> Slots::Acquire(const CallContext& context, std::string_view doing,
                                           double cost) {
  Waiter waiter{.account = nullptr, .cost = cost};
  // The list's memory comes first, so that no caller is counted whose call then fails.
  std::list<Waiter*> added = {&waiter};
  const MutexLock lock(mutex_);
  waiter.account = callers_.Arrive(context.caller());
  waiting_.splice(waiting_.end(), added);
  Grant();
  while (!mutex_.AwaitWithTimeout(absl::Condition(&waiter.granted), kPoll)) {
    const bool cancelled = context.IsCancelled();
    if (!cancelled && !context.IsLate()) continue;
    waiting_.remove(&waiter);
    callers_.LeaveWaiting(waiter.account);
    if (cancelled) return context.Check();
    return absl::ResourceExhaustedError(absl::StrCat(
        count_, " ", std::string(doing), "; the deadline passed while this one waited, try again"));
  }
  return Slot(this, waiter.account);
}

void Slots::Grant() {
  while (free_ > 0 && !waiting_.empty()) {
    const auto next =
        std::min_element(waiting_.begin(), waiting_.end(), [](const Waiter* a, const Waiter* b) {
          return std::tuple(a->account->Load(), a->account->virtual_time) <
                 std::tuple(b->account->Load(), b->account->virtual_time);
        });
    Waiter& waiter = **next;
    waiting_.erase(next);
    --free_;
    callers_.Start(waiter.account);
    callers_.Charge(waiter.account, waiter.cost);
    waiter.granted = true;
  }
}

void Slots::Release(FairShare::Account* account) {
  const MutexLock lock(mutex_);
  callers_.LeaveRunning(account);
  ++free_;
  Grant();
}

}  // namespace assay
