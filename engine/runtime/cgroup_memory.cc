// Limits of control groups.
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

constexpr int64_t kNone = std::numeric_limits<int64_t>::max();

int64_t LimitIn(const fs::path& file) {
  std::ifstream stream(file);
  std::string text;
  int64_t bytes = 0;
  // "max" is no number.
  return std::getline(stream, text) && absl::SimpleAtoi(text, &bytes) && bytes > 0 ? bytes : kNone;
}

// Of the group and all above it. In a container the path may be the host's: then only the mount's
// own file is there, and it has the container's limit.
int64_t LeastLimit(const fs::path& mount, const std::string& group, const char* file) {
  fs::path path = fs::path(group).lexically_normal();
  int64_t least = LimitIn(mount / file);
  for (; path.has_relative_path(); path = path.parent_path()) {
    least = std::min(least, LimitIn(mount / path.relative_path() / file));
  }
  return least;
}

}  // namespace

int64_t CgroupMemoryLimit(const std::string& root) {
  const fs::path mount = root + "/sys/fs/cgroup";
  std::ifstream groups(root + "/proc/self/cgroup");
  int64_t least = kNone;
  // hierarchy:controllers:path
  for (std::string line; std::getline(groups, line);) {
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    const std::vector<std::string> controllers = absl::StrSplit(parts[1], ',');
    if (parts[1].empty()) {
      least = std::min(least, LeastLimit(mount, parts[2], "memory.max"));
    } else if (std::find(controllers.begin(), controllers.end(), "memory") != controllers.end()) {
      least = std::min(least, LeastLimit(mount / "memory", parts[2], "memory.limit_in_bytes"));
    }
  }
  return least;
}

}  // namespace assay::engine
