// What the system lets this process and those beside it take.
#ifndef ASSAY_ENGINE_RUNTIME_CGROUP_MEMORY_H_
#define ASSAY_ENGINE_RUNTIME_CGROUP_MEMORY_H_

#include <cstdint>
#include <string>

namespace assay::engine {

// The least limit of the process's control group and those above it (version 2: memory.max; version
// 1: memory.limit_in_bytes), bytes; INT64_MAX where there is none. `root`: before /proc and /sys.
int64_t CgroupMemoryLimit(const std::string& root = "");

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_CGROUP_MEMORY_H_
