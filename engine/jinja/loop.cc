// The variable `loop` of a for statement.
#include "engine/jinja/loop.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/arguments.h"
#include "engine/jinja/values/comparison.h"
#include "engine/jinja/values/iteration.h"

namespace assay::jinja {

absl::StatusOr<std::optional<Value>> Loop::Next() {
  std::optional<Value> next = std::exchange(after_, std::nullopt);
  if (!next.has_value()) {
    ASSIGN_OR_RETURN(next, items_->Next());
  }
  if (!next.has_value()) return next;
  ++index0_;
  before_ = std::exchange(current_, next);
  return next;
}

void Loop::Finish() {
  items_ = std::make_shared<ListIterator>(List(), 0);
  if (iterable_.AsSequence() == nullptr && iterable_.AsMap() == nullptr) return;
  const absl::StatusOr<int64_t> length = GetLength(iterable_);
  if (length.ok()) length_ = *length;
  iterable_ = Value{};
}

absl::StatusOr<std::optional<Value>> Loop::Peek() {
  if (!after_.has_value()) {
    ASSIGN_OR_RETURN(after_, items_->Next());
  }
  return after_;
}

absl::StatusOr<int64_t> Loop::CountItems() {
  if (length_.has_value()) return *length_;
  if (const absl::StatusOr<int64_t> length = GetLength(iterable_); length.ok()) {
    length_ = *length;
    return *length;
  }
  // Without a length, the rest is read now.
  const Value rest_of_items{items_};
  ASSIGN_OR_RETURN(List rest, GetItems(rest_of_items, run_.budget()));
  const int nesting = items_->nesting();
  length_ = static_cast<int64_t>(rest.size()) + index0_ + 1 + (after_.has_value() ? 1 : 0);
  items_ = std::make_shared<ListIterator>(std::move(rest), nesting);
  return *length_;
}

Result Loop::CountedAttribute(std::string_view name) {
  ASSIGN_OR_RETURN(const int64_t length, CountItems());
  if (name == "revindex0") return Value{length - index0_ - 1};
  return Value{name == "revindex" ? length - index0_ : length};
}

absl::StatusOr<std::optional<Value>> Loop::Attribute(std::string_view name) {
  if (name == "index") return Value{index0_ + 1};
  if (name == "index0") return Value{index0_};
  if (name == "first") return Value{index0_ == 0};
  if (name == "depth") return Value{depth0_ + 1};
  if (name == "depth0") return Value{depth0_};
  if (name == "previtem") return index0_ == 0 ? Value{} : before_.value_or(Value{});
  if (name == "length" || name == "revindex" || name == "revindex0") {
    ASSIGN_OR_RETURN(Value counted, CountedAttribute(name));
    return counted;
  }
  if (name == "last" || name == "nextitem") {
    ASSIGN_OR_RETURN(const std::optional<Value> next, Peek());
    return name == "last" ? Value{!next.has_value()} : next.value_or(Value{});
  }
  if (name != "cycle" && name != "changed") return std::nullopt;
  const bool cycles = name == "cycle";
  ASSIGN_OR_RETURN(Value method, run_.Own(std::make_unique<Function>(
                                     [this, cycles](const Arguments& arguments) {
                                       return cycles ? Cycle(arguments) : Changed(arguments);
                                     },
                                     "method")));
  return method;
}

Result Loop::Call(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const auto bound, BoundArguments::Bind("loop", arguments, {"iterable"}, 1));
  if (recurse_ == nullptr) {
    return absl::InvalidArgumentError("a loop that is called needs the marker 'recursive'");
  }
  return recurse_(*bound.Get("iterable"), depth0_ + 1);
}

absl::StatusOr<std::string> Loop::Repr() {
  ASSIGN_OR_RETURN(const int64_t length, CountItems());
  return absl::StrCat("<LoopContext ", index0_ + 1, "/", length, ">");
}

absl::StatusOr<std::optional<int64_t>> Loop::Length() {
  ASSIGN_OR_RETURN(const int64_t length, CountItems());
  return length;
}

std::shared_ptr<Iterator> Loop::Iterate() {
  return std::make_shared<Generator>(
      [this]() -> absl::StatusOr<std::optional<Value>> {
        ASSIGN_OR_RETURN(const std::optional<Value> next, Next());
        if (!next.has_value()) return std::nullopt;
        ASSIGN_OR_RETURN(Value pair, MakeTuple({*next, Value{this}}));
        return pair;
      },
      items_->nesting());
}

Result Loop::Cycle(const Arguments& arguments) const {
  const List& values = arguments.positional;
  if (values.empty() || !arguments.named.empty()) {
    return absl::InvalidArgumentError("loop.cycle needs positional arguments");
  }
  return values[static_cast<size_t>(index0_) % values.size()];
}

Result Loop::Changed(const Arguments& arguments) {
  if (!arguments.named.empty()) {
    return absl::InvalidArgumentError("loop.changed takes no argument by name");
  }
  ASSIGN_OR_RETURN(Value values, MakeTuple(arguments.positional));
  if (last_checked_.has_value()) {
    ASSIGN_OR_RETURN(const bool same, ValuesEqual(*last_checked_, values, run_.budget()));
    if (same) return Value{false};
  }
  last_checked_ = std::move(values);
  return Value{true};
}

}  // namespace assay::jinja
