// The memory limit of the process's control group.
#include "engine/runtime/cgroup_memory.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace assay::engine {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

int64_t LimitIn(const fs::path& file) {
  std::ifstream stream(file);
  std::string text;
  int64_t bytes = 0;
  // A file without a limit has the text "max".
  return std::getline(stream, text) && absl::SimpleAtoi(text, &bytes) && bytes > 0 ? bytes
                                                                                   : kNoLimit;
}

// Returns the smallest limit of the group and its ancestors. In a container the path may be that of
// the host: then only the file of the mount itself exists, and it has the container's limit.
int64_t SmallestLimit(const fs::path& mount, const std::string& group, const char* file) {
  fs::path path = fs::path(group).lexically_normal();
  int64_t limit = LimitIn(mount / file);
  for (; path.has_relative_path(); path = path.parent_path()) {
    limit = std::min(limit, LimitIn(mount / path.relative_path() / file));
  }
  return limit;
}

}  // namespace

int64_t CgroupMemoryLimit(const std::string& root) {
  const fs::path mount = root + "/sys/fs/cgroup";
  std::ifstream groups(root + "/proc/self/cgroup");
  int64_t limit = kNoLimit;
  // hierarchy:controllers:path
  for (std::string line; std::getline(groups, line);) {
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    const std::vector<std::string> controllers = absl::StrSplit(parts[1], ',');
    if (parts[1].empty()) {
      limit = std::min(limit, SmallestLimit(mount, parts[2], "memory.max"));
    } else if (std::find(controllers.begin(), controllers.end(), "memory") != controllers.end()) {
      limit = std::min(limit, SmallestLimit(mount / "memory", parts[2], "memory.limit_in_bytes"));
    }
  }
  return limit;
}

}  // namespace assay::engine
