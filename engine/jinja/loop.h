// The variable `loop` of a for statement.
#ifndef ASSAY_ENGINE_JINJA_LOOP_H_
#define ASSAY_ENGINE_JINJA_LOOP_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "engine/jinja/builtins/run.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Iterates over a value and tells the body of a loop about the iteration, as jinja2's LoopContext.
// `run` must outlive the loop.
class Loop : public Object {
 public:
  // Renders the body of a recursive loop with other items, at a depth of one more.
  using Recurse = std::function<Result(const Value& items, int64_t depth0)>;

  // `iterable` gives the length, if it has one, and `items` iterates over it. `recurse` is null for
  // a loop that is not recursive.
  Loop(Value iterable, std::shared_ptr<Iterator> items, Recurse recurse, int64_t depth0, Run& run)
      : iterable_(std::move(iterable)),
        items_(std::move(items)),
        recurse_(std::move(recurse)),
        depth0_(depth0),
        run_(run) {}

  // Moves to the next item and returns it; returns nullopt at the end.
  absl::StatusOr<std::optional<Value>> Next();
  // Releases the items.
  void Finish();

  std::string TypeName() const override { return "loop"; }
  absl::StatusOr<std::optional<Value>> Attribute(std::string_view name) override;
  // Renders the body of a recursive loop.
  Result Call(const Arguments& arguments) override;
  bool IsCallable() const override { return true; }
  absl::StatusOr<std::string> Repr() override;
  absl::StatusOr<std::optional<int64_t>> Length() override;
  // Iterates over pairs of an item and this loop, as jinja2 does.
  std::shared_ptr<Iterator> Iterate() override;

 private:
  Result CountedAttribute(std::string_view name);
  absl::StatusOr<int64_t> CountItems();
  // Reads the next item without moving to it.
  absl::StatusOr<std::optional<Value>> Peek();
  Result Cycle(const Arguments& arguments) const;
  Result Changed(const Arguments& arguments);

  Value iterable_;
  std::shared_ptr<Iterator> items_;
  const Recurse recurse_;
  const int64_t depth0_;
  Run& run_;
  int64_t index0_ = -1;
  std::optional<int64_t> length_;
  std::optional<Value> before_;
  std::optional<Value> current_;
  // The item that Peek() has read.
  std::optional<Value> after_;
  // The arguments of the last call of changed().
  std::optional<Value> last_checked_;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_LOOP_H_
