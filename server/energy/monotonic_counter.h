// Turns a hardware counter that wraps or resets into one that only increases.
#ifndef ASSAY_SERVER_ENERGY_MONOTONIC_COUNTER_H_
#define ASSAY_SERVER_ENERGY_MONOTONIC_COUNTER_H_

#include <cstdint>

namespace assay::server {

// Accumulates the increments of a hardware counter. The unit is the caller's. Not thread-safe.
class MonotonicCounter {
 public:
  // `first` is the first reading. `range` is the highest value before the counter wraps to 0; 0
  // means that it never wraps, so a lower reading means that it was reset.
  MonotonicCounter(uint64_t first, uint64_t range) : last_(first), range_(range) {}

  // Adds the increment since the previous reading. The counter must wrap at most once between two
  // readings. After a reset only what was counted since then is added, so the total is never too
  // high.
  void Update(uint64_t reading) {
    if (reading >= last_) {
      total_ += reading - last_;
    } else if (range_ >= last_) {
      total_ += range_ - last_ + reading;
    } else {
      total_ += reading;
    }
    last_ = reading;
  }

  // The increments since the first reading.
  uint64_t total() const { return total_; }

 private:
  uint64_t last_;
  uint64_t range_;
  uint64_t total_ = 0;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENERGY_MONOTONIC_COUNTER_H_
