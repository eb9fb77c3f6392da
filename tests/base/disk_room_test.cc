// Tests of the room on a disk.
#include "base/disk_room.h"

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/temp_folder.h"

namespace assay {
namespace {

using ::testing::HasSubstr;

TEST(DiskRoomTest, ADiskWithRoomPassesAndIsLeftClean) {
  const TempFolder temporary;
  const std::string& folder = temporary.path();
  EXPECT_TRUE(CheckFreeSpace(folder).ok());
  EXPECT_TRUE(ProbeRoom(folder).ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  EXPECT_THAT(FreeSpaceNote(folder), HasSubstr(" bytes of its disk are free"));
  EXPECT_EQ(FreeSpaceNote("/no/such/folder"), "");
}

TEST(DiskRoomTest, AFileLimitIsFoundByWriting) {
  const TempFolder temporary;
  const std::string& folder = temporary.path();
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small = {.rlim_cur = 1000, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const absl::Status status = ProbeRoom(folder);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(folder + ": nothing can be written"));
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

}  // namespace
}  // namespace assay
