// A limit on how many callers do something at once.
#ifndef ASSAY_BASE_SLOTS_H_
#define ASSAY_BASE_SLOTS_H_

#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/call_context.h"

namespace assay {

// Lets a fixed number of callers in at once; others wait. Thread-safe.
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
    explicit Slot(Slots* slots) : slots_(slots) {}
    Slots* slots_ = nullptr;
  };

  explicit Slots(int count) : count_(count), free_(count) {}

  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  // Waits for a free slot. RESOURCE_EXHAUSTED: none became free before the deadline of `context`;
  // the message has `doing` ("2 inspections are running"). CANCELLED: `context` was cancelled,
  // which is noticed within 20 ms.
  absl::StatusOr<Slot> Acquire(const CallContext& context, std::string_view doing)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Release() ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasFree() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return free_ > 0; }

  const int count_;
  mutable absl::Mutex mutex_;
  int free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay

#endif  // ASSAY_BASE_SLOTS_H_
