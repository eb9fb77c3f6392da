// Tests of RETURN_IF_ERROR and ASSIGN_OR_RETURN.
#include "base/status_macros.h"

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

absl::Status First(const absl::Status& status, int* calls) {
  RETURN_IF_ERROR(status);
  ++*calls;
  return absl::OkStatus();
}

absl::StatusOr<int> Doubled(absl::StatusOr<std::unique_ptr<int>> value) {
  ASSIGN_OR_RETURN(const std::unique_ptr<int> number, std::move(value));
  int twice = 0;
  ASSIGN_OR_RETURN(twice, absl::StatusOr<int>(*number * 2));
  return twice;
}

TEST(StatusMacrosTest, ReturnIfErrorReturnsOnlyErrors) {
  int calls = 0;
  EXPECT_EQ(First(absl::NotFoundError("gone"), &calls), absl::NotFoundError("gone"));
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(First(absl::OkStatus(), &calls).ok());
  EXPECT_EQ(calls, 1);
}

TEST(StatusMacrosTest, AssignOrReturnMovesTheValue) {
  EXPECT_EQ(*Doubled(std::make_unique<int>(21)), 42);
  EXPECT_EQ(Doubled(absl::DataLossError("torn")).status(), absl::DataLossError("torn"));
}

}  // namespace
}  // namespace assay
