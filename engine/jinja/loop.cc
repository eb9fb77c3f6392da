// The variable `loop` of a for statement.
#include "engine/jinja/loop.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "engine/jinja/values/comparison.h"

namespace assay::jinja {

Value Loop::Attribute(std::string_view name) {
  const auto index = static_cast<int64_t>(index_);
  const auto length = static_cast<int64_t>(items_.size());
  if (name == "index") return {index + 1};
  if (name == "index0") return {index};
  if (name == "revindex") return {length - index};
  if (name == "revindex0") return {length - index - 1};
  if (name == "first") return {index_ == 0};
  if (name == "last") return {index_ + 1 == items_.size()};
  if (name == "length") return {length};
  if (name == "depth") return {int64_t{1}};
  if (name == "depth0") return {int64_t{0}};
  if (name == "previtem") return index_ > 0 ? items_[index_ - 1] : Value{};
  if (name == "nextitem") {
    return index_ + 1 < items_.size() ? items_[index_ + 1] : Value{};
  }
  if (name != "cycle" && name != "changed") return {};
  const bool cycles = name == "cycle";
  objects_.push_back(std::make_unique<Function>([this, cycles](const Arguments& arguments) {
    return cycles ? Cycle(arguments) : Changed(arguments);
  }));
  return {objects_.back().get()};
}

Result Loop::Cycle(const Arguments& arguments) const {
  const List& values = arguments.positional;
  if (values.empty() || !arguments.named.empty()) {
    return absl::InvalidArgumentError("loop.cycle needs positional arguments");
  }
  return values[index_ % values.size()];
}

Result Loop::Changed(const Arguments& arguments) {
  ASSIGN_OR_RETURN(Value values, MakeSequence(SequenceKind::kTuple, arguments.positional));
  if (last_checked_.has_value()) {
    ASSIGN_OR_RETURN(const bool same, ValuesEqual(*last_checked_, values, budget_));
    if (same) return Value{false};
  }
  last_checked_ = std::move(values);
  return Value{true};
}

}  // namespace assay::jinja
