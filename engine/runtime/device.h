// The devices on which models run.
#ifndef ASSAY_ENGINE_RUNTIME_DEVICE_H_
#define ASSAY_ENGINE_RUNTIME_DEVICE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::engine {

enum class DeviceKind { kCpu, kCuda, kMps };

struct DeviceInfo {
  DeviceKind kind = DeviceKind::kCpu;
  // The name in libtorch: "cpu", "cuda:0", "mps".
  std::string name;
  // True for MPS with fp16 on unified memory; a parameter of every evaluation run.
  bool apple_silicon_optimized = false;
  // The type for models with dtype "auto": "float32" on the CPU, "float16" on other devices.
  std::string default_dtype;
  // The memory that models can use, in bytes.
  int64_t memory_bytes = 0;
  // The number of threads of one operation on the CPU.
  int threads = 0;
  std::string torch_version;
  // A sentence for each fault of the device that is worked around.
  std::vector<std::string> workarounds;
};

// Resolves "auto", "cpu", "cuda", "cuda:N" or "mps" to a device that works: its operators
// are compared with the CPU's (executor/device_self_test.h). "auto" tries mps, then cuda, then cpu.
// INVALID_ARGUMENT: the name is not a device name. FAILED_PRECONDITION: this machine or this
// libtorch does not have the device, or its results are wrong. Takes up to a second the first time
// on a GPU.
absl::StatusOr<DeviceInfo> ResolveDevice(std::string_view requested);

// Sets the number of threads that one operation uses on the CPU, for the whole process; 0 = the
// number of physical cores. Must be called before the first model is loaded.
void SetCpuThreads(int threads);

// Returns the bytes that libtorch's allocator holds on the device; 0 on the CPU, where the resident
// memory of the process is the measure.
int64_t DeviceMemoryInUse(const DeviceInfo& device);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_DEVICE_H_
