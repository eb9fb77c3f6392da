// A hardware energy counter that wraps or starts again, made into one that only grows.
#ifndef ASSAY_SERVER_ENERGY_COUNTER_H_
#define ASSAY_SERVER_ENERGY_COUNTER_H_

#include <cstdint>

namespace assay::server {

// Not thread-safe. Units are the caller's.
class GrowingCounter {
 public:
  // `range`: the counter goes back to 0 after this value; 0 = it never wraps, so that a lower
  // reading means that it was reset.
  GrowingCounter(uint64_t first, uint64_t range) : last_(first), range_(range) {}

  // Right if the counter wrapped at most once since the last look. A reset counts what came after
  // it: never more than was used.
  void Look(uint64_t reading) {
    if (reading >= last_) {
      total_ += reading - last_;
    } else if (range_ >= last_) {
      total_ += range_ - last_ + reading;
    } else {
      total_ += reading;
    }
    last_ = reading;
  }

  // Since the first reading.
  uint64_t total() const { return total_; }

 private:
  uint64_t last_;
  uint64_t range_;
  uint64_t total_ = 0;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENERGY_COUNTER_H_
