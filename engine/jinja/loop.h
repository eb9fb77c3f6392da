// The variable `loop` of a template.
#ifndef ASSAY_ENGINE_JINJA_LOOP_H_
#define ASSAY_ENGINE_JINJA_LOOP_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/jinja/builtins/functions.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// What a loop's body asks of its loop. `objects` and `budget` are the run's and must outlive it.
class Loop : public Object {
 public:
  Loop(List items, Objects& objects, Budget& budget)
      : items_(std::move(items)), objects_(objects), budget_(budget) {}

  std::string_view TypeName() const override { return "loop"; }
  Value Attribute(std::string_view name) override;

  const List& items() const { return items_; }
  void Move(size_t index) { index_ = index; }

 private:
  absl::StatusOr<Value> Cycle(const Arguments& arguments) const;
  absl::StatusOr<Value> Changed(const Arguments& arguments);

  const List items_;
  Objects& objects_;
  Budget& budget_;
  size_t index_ = 0;
  std::optional<Value> last_checked_;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_LOOP_H_
