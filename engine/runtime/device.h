// Where the computation runs.
#ifndef ASSAY_ENGINE_RUNTIME_DEVICE_H_
#define ASSAY_ENGINE_RUNTIME_DEVICE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay::engine {

enum class DeviceKind { kCpu, kCuda, kMps };

struct DeviceInfo {
  DeviceKind kind;
  // What libtorch calls it: "cpu", "cuda:0", "mps".
  std::string name;
  // MPS with fp16 on unified memory; a parameter of every evaluation run.
  bool apple_silicon_optimized;
  // Type used when a model asks for "auto": "float32" on the CPU, "float16" elsewhere.
  std::string default_dtype;
  // Memory that models can use, bytes.
  int64_t memory_bytes;
  // Threads of one operation on the CPU.
  int threads;
  std::string torch_version;
};

// Turns "auto", "cpu", "cuda", "cuda:N" or "mps" into a device that works: it is tried with a small
// product, checked against the CPU's. "auto" takes mps, then cuda, then cpu. INVALID_ARGUMENT: not
// a device name. FAILED_PRECONDITION: this machine or this libtorch lacks it, or it computes wrong.
// Costs up to a second the first time on a GPU.
absl::StatusOr<DeviceInfo> ResolveDevice(std::string_view requested);

// Threads that one operation uses on the CPU, for the whole process; 0 = the number of physical
// cores. Call before the first model is loaded.
void SetCpuThreads(int threads);

// Bytes that libtorch's allocator holds on the device now; 0 on the CPU, where resident memory says
// it.
int64_t DeviceMemoryInUse(const DeviceInfo& device);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_DEVICE_H_
