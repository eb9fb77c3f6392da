// The devices on which models run.
#include "engine/runtime/device.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "engine/runtime/device_memory.h"
#include "engine/runtime/executor/device_self_test.h"
#include "engine/runtime/executor/torch_status.h"

#ifdef __APPLE__
#include <sys/sysctl.h>
#else
#include <sched.h>
#endif

namespace assay::engine {
namespace {

constexpr absl::string_view kCudaPrefix = "cuda:";

#ifdef __APPLE__

int PhysicalCores() {
  int cores = 0;
  size_t size = sizeof(cores);
  if (sysctlbyname("hw.physicalcpu", &cores, &size, nullptr, 0) != 0 || cores < 1) return 1;
  return cores;
}

#else

// Returns the number of cores whose hardware threads this process may use. The threads of one core
// have the same list of siblings.
int PhysicalCores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }
  std::set<std::string> cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    std::ifstream file(
        absl::StrCat("/sys/devices/system/cpu/cpu", cpu, "/topology/thread_siblings_list"));
    std::string siblings;
    if (!std::getline(file, siblings)) siblings = absl::StrCat(cpu);
    cores.insert(siblings);
  }
  return std::max(1, static_cast<int>(cores.size()));
}

#endif

absl::StatusOr<DeviceKind> KindOf(const std::string& name) {
  if (name == "cpu") return DeviceKind::kCpu;
  if (name == "mps") return DeviceKind::kMps;
  int index = 0;
  const bool indexed = absl::StartsWith(name, kCudaPrefix) &&
                       absl::SimpleAtoi(name.substr(kCudaPrefix.size()), &index) && index >= 0;
  if (name == "cuda" || indexed) return DeviceKind::kCuda;
  return absl::InvalidArgumentError(
      absl::StrCat("device \"", name, "\" is not one of auto, cpu, cuda, cuda:N, mps"));
}

absl::Status CheckPresent(DeviceKind kind, const std::string& name) {
  if (kind == DeviceKind::kMps && !at::hasMPS()) {
    return absl::FailedPreconditionError(
        "device mps: this machine or this libtorch has no Metal; use auto or cpu");
  }
  if (kind != DeviceKind::kCuda) return absl::OkStatus();
  const auto count = at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0;
  const int index = at::Device(name).index();
  if (index < count) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("device ", name,
                                                    ": this machine or this libtorch has ", count,
                                                    " CUDA devices; use auto or cpu"));
}

absl::StatusOr<DeviceInfo> Resolve(const std::string& requested) {
  ASSIGN_OR_RETURN(const DeviceKind kind, KindOf(requested));
  const std::string name = requested == "cuda" ? "cuda:0" : requested;
  RETURN_IF_ERROR(CheckPresent(kind, name));
  const at::Device device(name);
  const bool on_cpu = kind == DeviceKind::kCpu;
  absl::StatusOr<DeviceQuirks> quirks = CatchTorch(absl::StrCat("trying device ", name), [&] {
    return QuirksOf(device, on_cpu ? at::kFloat : at::kHalf);
  });
  if (!quirks.ok()) return absl::FailedPreconditionError(quirks.status().message());
  return DeviceInfo{.kind = kind,
                    .name = name,
                    .apple_silicon_optimized = kind == DeviceKind::kMps,
                    .default_dtype = on_cpu ? "float32" : "float16",
                    .memory_bytes = TotalMemory(device),
                    .threads = at::get_num_threads(),
                    .torch_version = TORCH_VERSION,
                    .workarounds = Describe(*quirks)};
}

}  // namespace

absl::StatusOr<DeviceInfo> ResolveDevice(std::string_view name) {
  const std::string requested(name);
  return CatchTorch(absl::StrCat("device ", requested), [&]() -> absl::StatusOr<DeviceInfo> {
    if (requested != "auto") return Resolve(requested);
    for (const char* candidate : {"mps", "cuda"}) {
      absl::StatusOr<DeviceInfo> device = Resolve(candidate);
      if (device.ok()) return device;
    }
    return Resolve("cpu");
  });
}

void SetCpuThreads(int threads) { at::set_num_threads(threads > 0 ? threads : PhysicalCores()); }

int64_t DeviceMemoryInUse(const DeviceInfo& device) {
  const absl::StatusOr<int64_t> bytes = CatchTorch(
      "device memory",
      [&]() -> absl::StatusOr<int64_t> { return AllocatedMemory(at::Device(device.name)); });
  return bytes.value_or(0);
}

}  // namespace assay::engine
