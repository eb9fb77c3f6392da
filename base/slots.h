// A limit on how many callers do something at once.
#ifndef ASSAY_BASE_SLOTS_H_
#define ASSAY_BASE_SLOTS_H_

#include <list>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/call_context.h"
#include "base/fair_share.h"

namespace assay {

// Lets a fixed number of calls in at once; others wait. The slots are shared fairly between the
// callers (FairShare): one that waits with many calls does not delay the first call of another one.
// Thread-safe.
class Slots {
 public:
  // Holds a slot while it exists. Move-only. Must not outlive the Slots.
  class Slot {
   public:
    Slot() = default;
    Slot(Slot&& other) noexcept;
    Slot& operator=(Slot&& other) noexcept;
    ~Slot();

   private:
    friend class Slots;
    Slot(Slots* slots, FairShare::Account* account) : slots_(slots), account_(account) {}
    Slots* slots_ = nullptr;
    FairShare::Account* account_ = nullptr;
  };

  explicit Slots(int count) : count_(count), free_(count) {}

  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  // Waits for a free slot. `cost` is what the caller does with it, relative to other calls.
  // RESOURCE_EXHAUSTED: none became free before the deadline of `context`; the message has `doing`
  // ("2 inspections are running"). CANCELLED: `context` was cancelled, which is noticed within
  // 20 ms.
  absl::StatusOr<Slot> Acquire(const CallContext& context, std::string_view doing, double cost = 1)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Waiter {
    FairShare::Account* account;
    double cost;
    bool granted = false;
  };

  void Release(FairShare::Account* account) ABSL_LOCKS_EXCLUDED(mutex_);
  // Gives the free slots to those that wait.
  void Grant() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int count_;
  absl::Mutex mutex_;
  int free_ ABSL_GUARDED_BY(mutex_);
  FairShare callers_ ABSL_GUARDED_BY(mutex_);
  // In order of arrival.
  std::list<Waiter*> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay

#endif  // ASSAY_BASE_SLOTS_H_
