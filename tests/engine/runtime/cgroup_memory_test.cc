#include "engine/runtime/cgroup_memory.h"

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace assay::engine {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

class CgroupMemoryTest : public testing::Test {
 protected:
  CgroupMemoryTest() : root_(fs::path(testing::TempDir()) / absl::StrCat("cgroup.", getpid())) {
    fs::remove_all(root_);
  }
  ~CgroupMemoryTest() override { fs::remove_all(root_); }

  void Write(const std::string& file, const std::string& text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text << "\n";
  }
  int64_t Limit() const { return CgroupMemoryLimit(root_.string()); }

  const fs::path root_;
};

TEST_F(CgroupMemoryTest, NoLimitIsInt64Max) {
  EXPECT_EQ(Limit(), kNoLimit);
  Write("proc/self/cgroup", "0::/");
  EXPECT_EQ(Limit(), kNoLimit);
  Write("sys/fs/cgroup/memory.max", "max");
  EXPECT_EQ(Limit(), kNoLimit);
}

TEST_F(CgroupMemoryTest, TheSmallestLimitOfTheGroupAndItsAncestorsCounts) {
  Write("proc/self/cgroup", "0::/system.slice/assayd.service");
  Write("sys/fs/cgroup/system.slice/memory.max", "3000");
  Write("sys/fs/cgroup/system.slice/assayd.service/memory.max", "max");
  EXPECT_EQ(Limit(), 3000);
  Write("sys/fs/cgroup/system.slice/assayd.service/memory.max", "2000");
  EXPECT_EQ(Limit(), 2000);
  Write("sys/fs/cgroup/other.slice/memory.max", "1000");
  EXPECT_EQ(Limit(), 2000);
}

TEST_F(CgroupMemoryTest, AContainersLimitIsReadFromItsOwnMount) {
  Write("proc/self/cgroup", "0::/../../docker/0123");
  Write("sys/fs/cgroup/memory.max", "4000");
  EXPECT_EQ(Limit(), 4000);
}

TEST_F(CgroupMemoryTest, VersionOneLimitsAreRead) {
  Write("proc/self/cgroup", "12:cpu,cpuacct:/x\n7:memory:/docker/0123\n0::/x");
  Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
  Write("sys/fs/cgroup/memory/docker/0123/memory.limit_in_bytes", "5000");
  EXPECT_EQ(Limit(), 5000);
}

}  // namespace
}  // namespace assay::engine
