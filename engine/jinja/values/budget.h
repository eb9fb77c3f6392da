// The limit on the work of one rendering.
#ifndef ASSAY_ENGINE_JINJA_VALUES_BUDGET_H_
#define ASSAY_ENGINE_JINJA_VALUES_BUDGET_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/work_limit.h"

namespace assay::jinja {

// Counts steps: one per statement, per expression and per compared item. Strings count by their
// bytes, so that the same limit bounds time and memory. Each rendering has its own. Not
// thread-safe.
class Budget {
 public:
  static constexpr int64_t kMaxSteps = 1'000'000;
  static constexpr size_t kBytesPerStep = 64;
  static constexpr size_t kItemsPerStep = 4;
  static constexpr int64_t kStepsPerCheck = 1024;

  // Each returns INVALID_ARGUMENT once more than kMaxSteps are spent, and now and then the error of
  // WorkLimit::Check().
  absl::Status Spend(int64_t steps) {
    const bool is_check_due = steps_ / kStepsPerCheck != (steps_ + steps) / kStepsPerCheck;
    steps_ += steps;
    if (steps_ <= kMaxSteps) return is_check_due ? WorkLimit::Check() : absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("the template takes more than ", kMaxSteps, " steps"));
  }
  absl::Status SpendBytes(size_t bytes) {
    return Spend(static_cast<int64_t>(bytes / kBytesPerStep));
  }
  absl::Status SpendItems(size_t items) {
    return Spend(static_cast<int64_t>(items / kItemsPerStep));
  }
  // Spends what a search for `part` bytes in `text` bytes costs at worst, when it compares the
  // whole part at every position.
  absl::Status SpendSearch(size_t text, size_t part) {
    constexpr size_t kMax = size_t{1} << 22;
    return SpendBytes(text + (text < kMax && part < kMax ? text * part / 1024 : text * 1024));
  }

 private:
  int64_t steps_ = 0;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_BUDGET_H_
