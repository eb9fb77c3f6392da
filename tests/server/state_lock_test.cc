// The lock of a state folder.
#include "server/state_lock.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/temp_folder.h"

namespace assay::server {
namespace {

TEST(StateLockTest, SecondHolderIsRefusedUntilTheFirstIsDestroyed) {
  const TempFolder temporary;
  const std::string folder = temporary / "new/folder";
  {
    const auto first = StateLock::Acquire(folder);
    ASSERT_TRUE(first.ok()) << first.status();
    const absl::Status second = StateLock::Acquire(folder).status();
    EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(second.message()), testing::HasSubstr(folder));
  }
  EXPECT_TRUE(StateLock::Acquire(folder).ok());
}

TEST(StateLockTest, OnlyThisUserCanReadTheFolderAndItsFiles) {
  namespace fs = std::filesystem;
  const TempFolder temporary;
  const fs::path folder = temporary.path();
  fs::permissions(folder, fs::perms(0755));
  std::ofstream(folder / "evaluations.sqlite") << "prompts";
  fs::permissions(folder / "evaluations.sqlite", fs::perms(0644));
  const auto lock = StateLock::Acquire(folder.string());
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_EQ(fs::status(folder).permissions(), fs::perms(0700));
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    EXPECT_EQ(entry.status().permissions(), fs::perms(0600)) << entry.path();
  }
}

TEST(StateLockTest, FolderThatCannotBeCreatedIsNamedInTheError) {
  const absl::Status status = StateLock::Acquire("/proc/assay").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("/proc/assay"));
}

TEST(StateLockTest, CheckReportsWhatAcquireWouldAndCreatesNothing) {
  namespace fs = std::filesystem;
  const TempFolder folder;
  const std::string state = folder / "new/state";
  EXPECT_TRUE(StateLock::Check(state).ok()) << StateLock::Check(state);
  EXPECT_TRUE(fs::is_empty(folder.path()));
  folder.Write("new", "a file");
  EXPECT_EQ(StateLock::Check(state), StateLock::Acquire(state).status());
  EXPECT_FALSE(StateLock::Check(state).ok());
  fs::create_directories(folder / "other/lock");
  EXPECT_EQ(StateLock::Check(folder / "other"), StateLock::Acquire(folder / "other").status());
  // A running daemon does not disturb the check.
  const auto lock = StateLock::Acquire(folder / "third");
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_TRUE(StateLock::Check(folder / "third").ok());
}

}  // namespace
}  // namespace assay::server
