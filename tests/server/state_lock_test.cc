// The lock of a state folder.
#include "server/state_lock.h"

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

TEST(StateLockTest, SecondHolderIsRefusedUntilTheFirstIsDestroyed) {
  const std::string folder = testing::TempDir() + "/state_lock_test/new/folder";
  {
    const auto first = StateLock::Acquire(folder);
    ASSERT_TRUE(first.ok()) << first.status();
    const absl::Status second = StateLock::Acquire(folder).status();
    EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(second.message()), testing::HasSubstr(folder));
  }
  EXPECT_TRUE(StateLock::Acquire(folder).ok());
  std::filesystem::remove_all(testing::TempDir() + "/state_lock_test");
}

TEST(StateLockTest, FolderThatCannotBeCreatedIsNamedInTheError) {
  const absl::Status status = StateLock::Acquire("/proc/assay").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("/proc/assay"));
}

}  // namespace
}  // namespace assay::server
