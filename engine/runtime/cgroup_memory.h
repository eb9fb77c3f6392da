// The memory limit of the process's control group.
#ifndef ASSAY_ENGINE_RUNTIME_CGROUP_MEMORY_H_
#define ASSAY_ENGINE_RUNTIME_CGROUP_MEMORY_H_

#include <cstdint>
#include <string>

namespace assay::engine {

// Returns the smallest memory limit, in bytes, of the process's control group and its ancestors
// (version 2: memory.max; version 1: memory.limit_in_bytes); INT64_MAX if there is no limit. `root`
// is prepended to /proc and /sys.
int64_t CgroupMemoryLimit(const std::string& root = "");

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_CGROUP_MEMORY_H_
