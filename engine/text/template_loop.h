// The variable `loop` of a template.
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_LOOP_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_LOOP_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/text/template_budget.h"
#include "engine/text/template_functions.h"
#include "engine/text/template_value.h"

namespace assay::engine {

// What a loop's body asks of its loop. `objects` and `budget` are the run's and must outlive it.
class TemplateLoop : public TemplateObject {
 public:
  TemplateLoop(TemplateList items, TemplateObjects& objects, TemplateBudget& budget)
      : items_(std::move(items)), objects_(objects), budget_(budget) {}

  std::string_view TypeName() const override { return "loop"; }
  TemplateValue Attribute(std::string_view name) override;

  const TemplateList& items() const { return items_; }
  void Move(size_t index) { index_ = index; }

 private:
  absl::StatusOr<TemplateValue> Cycle(const TemplateArguments& arguments) const;
  absl::StatusOr<TemplateValue> Changed(const TemplateArguments& arguments);

  const TemplateList items_;
  TemplateObjects& objects_;
  TemplateBudget& budget_;
  size_t index_ = 0;
  std::optional<TemplateValue> last_checked_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_LOOP_H_
