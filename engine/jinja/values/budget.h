// What a template may spend while it renders.
#ifndef ASSAY_ENGINE_JINJA_VALUES_BUDGET_H_
#define ASSAY_ENGINE_JINJA_VALUES_BUDGET_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay::jinja {

// Counts steps: one a statement, an expression, an item compared; texts count by their bytes, so
// that time and memory are bounded together. One a render; not thread-safe.
class Budget {
 public:
  static constexpr int64_t kMaxSteps = 1'000'000;
  static constexpr size_t kBytesAStep = 64;
  static constexpr size_t kItemsAStep = 4;

  absl::Status Spend(int64_t steps) {
    steps_ += steps;
    if (steps_ <= kMaxSteps) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("the template takes more than ", kMaxSteps, " steps"));
  }
  absl::Status SpendBytes(size_t bytes) { return Spend(static_cast<int64_t>(bytes / kBytesAStep)); }
  absl::Status SpendItems(size_t items) { return Spend(static_cast<int64_t>(items / kItemsAStep)); }
  // A search for a text in another may compare each place of it with all of the part.
  absl::Status SpendSearch(size_t text, size_t part) {
    constexpr size_t kMax = size_t{1} << 22;
    return SpendBytes(text + (text < kMax && part < kMax ? text * part / 1024 : text * 1024));
  }

 private:
  int64_t steps_ = 0;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_BUDGET_H_
