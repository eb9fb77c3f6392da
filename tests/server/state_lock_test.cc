// The lock of a state folder.
#include "server/state_lock.h"

#include <filesystem>
#include <fstream>
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

TEST(StateLockTest, OnlyThisUserCanReadTheFolderAndItsFiles) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(testing::TempDir()) / "state_lock_test_private";
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms(0755));
  std::ofstream(folder / "evaluations.sqlite") << "prompts";
  fs::permissions(folder / "evaluations.sqlite", fs::perms(0644));
  const auto lock = StateLock::Acquire(folder.string());
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_EQ(fs::status(folder).permissions(), fs::perms(0700));
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    EXPECT_EQ(entry.status().permissions(), fs::perms(0600)) << entry.path();
  }
  fs::remove_all(folder);
}

TEST(StateLockTest, FolderThatCannotBeCreatedIsNamedInTheError) {
  const absl::Status status = StateLock::Acquire("/proc/assay").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("/proc/assay"));
}

}  // namespace
}  // namespace assay::server
