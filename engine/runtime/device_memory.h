// A device's memory and its allocator's cache. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_DEVICE_MEMORY_H_
#define ASSAY_ENGINE_RUNTIME_DEVICE_MEMORY_H_

#include <c10/core/Device.h>

#include <cstdint>

namespace assay::engine {

// Bytes that models can use. On the CPU the physical memory, or the limit of the process's control
// group where that is less; on a GPU its own; on MPS what Metal recommends. Throws as libtorch
// does.
int64_t TotalMemory(const c10::Device& device);

// Bytes that libtorch's allocator holds; 0 on the CPU. Throws as libtorch does.
int64_t AllocatedMemory(const c10::Device& device);

// Waits for the device's work, and gives what its allocator (on the CPU: malloc) caches back to the
// system. Throws as libtorch does.
void ReleaseCachedMemory(const c10::Device& device);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_DEVICE_MEMORY_H_
