// The memory of a device and its allocator's cache. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_DEVICE_MEMORY_H_
#define ASSAY_ENGINE_RUNTIME_DEVICE_MEMORY_H_

#include <c10/core/Device.h>

#include <cstdint>

namespace assay::engine {

// Returns the bytes that models can use: on the CPU the physical memory or the limit of the
// process's control group, if that is less; on a GPU its own memory; on MPS the maximum that Metal
// recommends. Throws the exceptions of libtorch.
int64_t TotalMemory(const c10::Device& device);

// Returns the bytes that libtorch's allocator holds; 0 on the CPU. Throws the exceptions of
// libtorch.
int64_t AllocatedMemory(const c10::Device& device);

// Waits for the device's work, then returns memory that its allocator (on the CPU: malloc) caches
// to the system. Throws the exceptions of libtorch.
void ReleaseCachedMemory(const c10::Device& device);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_DEVICE_MEMORY_H_
