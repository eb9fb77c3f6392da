// The binding of arguments to parameters.
#include "engine/jinja/builtins/arguments.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

const Value kText = Value::String("x");

TEST(ArgumentsTest, BindsByPositionAndByName) {
  const Arguments arguments = {.positional = {kText}, .named = {{"count", Value{int64_t{2}}}}};
  const auto bound = BoundArguments::Bind("f", arguments, {"text", "count", "flag"}, 1);
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_EQ(*bound->GetString("text", ""), "x");
  EXPECT_EQ(*bound->GetInteger("count", 0), 2);
  EXPECT_TRUE(bound->GetBool("flag", true));
  EXPECT_EQ(bound->Get("flag"), nullptr);
  EXPECT_TRUE(bound->GetOr("flag", Value::None()).IsNone());
}

TEST(ArgumentsTest, ErrorsNameTheFunctionAndTheArgument) {
  const auto error = [](const Arguments& arguments) {
    return std::string(BoundArguments::Bind("f", arguments, {"text"}, 1).status().message());
  };
  EXPECT_EQ(error({.positional = {kText, kText}, .named = {}}),
            "f: too many arguments (2); at most 1");
  EXPECT_EQ(error({.positional = {kText}, .named = {{"text", kText}}}),
            "f: argument 'text' is unknown or duplicated");
  EXPECT_EQ(error({}), "f: argument 'text' is missing");
}

TEST(ArgumentsTest, TypesAreChecked) {
  const auto bound = BoundArguments::Bind("f", {.positional = {kText}, .named = {}}, {"count"}, 1);
  EXPECT_EQ(bound->GetInteger("count", 0).status(),
            absl::InvalidArgumentError("f: argument 'count' cannot be of type str"));
}

}  // namespace
}  // namespace assay::jinja
