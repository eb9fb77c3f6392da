// The memory of a device and its allocator's cache.
#include "engine/runtime/device_memory.h"

#include <ATen/detail/MPSHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/trim_heap.h"
#include "engine/runtime/cgroup_memory.h"

#ifdef __APPLE__
#include <sys/sysctl.h>
#else
#include <unistd.h>
#endif

namespace assay::engine {
namespace {

// Returns the memory of the machine, or the limit of this process if that is less.
int64_t PhysicalMemory() {
#ifdef __APPLE__
  int64_t bytes = 0;
  size_t size = sizeof(bytes);
  return sysctlbyname("hw.memsize", &bytes, &size, nullptr, 0) == 0 ? bytes : 0;
#else
  const int64_t machine = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  return std::min(machine, CgroupMemoryLimit());
#endif
}

c10::DeviceIndex IndexOf(const c10::Device& device) {
  return device.has_index() ? device.index() : c10::DeviceIndex{0};
}

}  // namespace

int64_t TotalMemory(const c10::Device& device) {
  if (device.is_cpu()) return PhysicalMemory();
  if (device.is_mps()) {
    return static_cast<int64_t>(at::detail::getMPSHooks().getRecommendedMaxMemory());
  }
  const auto [free, total] = c10::getDeviceAllocator(device.type())->getMemoryInfo(IndexOf(device));
  return static_cast<int64_t>(total);
}

int64_t AllocatedMemory(const c10::Device& device) {
  if (device.is_cpu()) return 0;
  if (device.is_mps()) {
    return static_cast<int64_t>(at::detail::getMPSHooks().getDriverAllocatedMemory());
  }
  constexpr size_t kAggregate = 0;
  return c10::getDeviceAllocator(device.type())
      ->getDeviceStats(IndexOf(device))
      .reserved_bytes[kAggregate]
      .current;
}

void ReleaseCachedMemory(const c10::Device& device) {
  if (device.is_mps()) {
    at::detail::getMPSHooks().deviceSynchronize();
    at::detail::getMPSHooks().emptyCache();
  } else if (!device.is_cpu()) {
    c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(IndexOf(device));
    c10::getDeviceAllocator(device.type())->emptyCache();
  }
  TrimHeap();
}

}  // namespace assay::engine
