// The variable `loop` of a for statement.
#ifndef ASSAY_ENGINE_JINJA_LOOP_H_
#define ASSAY_ENGINE_JINJA_LOOP_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/jinja/builtins/functions.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// The state of a loop as its body sees it. `objects` and `budget` belong to the run and must
// outlive the loop.
class Loop : public Object {
 public:
  Loop(List items, Objects& objects, Budget& budget)
      : items_(std::move(items)), objects_(objects), budget_(budget) {}

  std::string TypeName() const override { return "loop"; }
  Value Attribute(std::string_view name) override;

  const List& items() const { return items_; }
  // Makes items()[index] the current item.
  void SetIndex(size_t index) { index_ = index; }

 private:
  Result Cycle(const Arguments& arguments) const;
  Result Changed(const Arguments& arguments);

  const List items_;
  Objects& objects_;
  Budget& budget_;
  size_t index_ = 0;
  // The arguments of the last call of changed().
  std::optional<Value> last_checked_;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_LOOP_H_
