// Calls the few functions of NVML's stable C interface that are needed, without its headers.
#include "server/energy/nvml_meter.h"

#include <dlfcn.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/mutex_lock.h"
#include "server/energy/monotonic_counter.h"

namespace assay::server {
namespace {

constexpr double kMillijoulesPerJoule = 1e3;
constexpr unsigned int kMaxDevices = 64;
// NVML_SUCCESS.
constexpr int kSuccess = 0;

using Device = void*;

// The functions of the loaded library, which stays loaded during the lifetime of this object.
class Nvml {
 public:
  static std::unique_ptr<Nvml> Load(const std::string& library) {
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return nullptr;
    std::unique_ptr<Nvml> nvml(new Nvml(handle));
    const bool complete = nvml->Find("nvmlInit_v2", &nvml->init_) &&
                          nvml->Find("nvmlShutdown", &nvml->shutdown_) &&
                          nvml->Find("nvmlDeviceGetCount_v2", &nvml->count_) &&
                          nvml->Find("nvmlDeviceGetHandleByIndex_v2", &nvml->device_) &&
                          nvml->Find("nvmlDeviceGetTotalEnergyConsumption", &nvml->energy_);
    if (!complete || nvml->init_() != kSuccess) return nullptr;
    nvml->initialized_ = true;
    return nvml;
  }

  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;
  ~Nvml() {
    if (initialized_) shutdown_();
    dlclose(handle_);
  }

  std::vector<Device> Devices() const {
    unsigned int count = 0;
    std::vector<Device> devices;
    if (count_(&count) != kSuccess) return devices;
    count = std::min(count, kMaxDevices);
    devices.reserve(count);
    for (unsigned int i = 0; i < count; ++i) {
      Device device = nullptr;
      if (device_(i, &device) == kSuccess) devices.push_back(device);
    }
    return devices;
  }

  // Returns false if the device does not report its energy.
  bool Millijoules(Device device, unsigned long long* millijoules) const {  // NOLINT: NVML's type
    return energy_(device, millijoules) == kSuccess;
  }

 private:
  explicit Nvml(void* handle) : handle_(handle) {}

  template <typename Function>
  bool Find(const char* name, Function* function) {
    *function = reinterpret_cast<Function>(dlsym(handle_, name));
    return *function != nullptr;
  }

  void* const handle_;
  bool initialized_ = false;
  int (*init_)() = nullptr;
  int (*shutdown_)() = nullptr;
  int (*count_)(unsigned int*) = nullptr;
  int (*device_)(unsigned int, Device*) = nullptr;
  int (*energy_)(Device, unsigned long long*) = nullptr;  // NOLINT: NVML's type
};

struct CountedDevice {
  Device device;
  MonotonicCounter counter;
};

class NvmlMeter final : public evaluator::EnergyMeter {
 public:
  NvmlMeter(std::unique_ptr<Nvml> nvml, std::vector<CountedDevice> devices)
      : nvml_(std::move(nvml)), devices_(std::move(devices)) {}

  double Joules() override ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    double joules = 0;
    for (CountedDevice& counted : devices_) {
      unsigned long long reading = 0;  // NOLINT: NVML's type
      if (nvml_->Millijoules(counted.device, &reading)) counted.counter.Update(reading);
      joules += static_cast<double>(counted.counter.total()) / kMillijoulesPerJoule;
    }
    return joules;
  }

  std::string source() const override { return "nvml"; }

 private:
  const std::unique_ptr<Nvml> nvml_;
  absl::Mutex mutex_;
  std::vector<CountedDevice> devices_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<evaluator::EnergyMeter> MakeNvmlMeter(const std::string& library) {
  std::unique_ptr<Nvml> nvml = Nvml::Load(library);
  if (nvml == nullptr) return nullptr;
  std::vector<CountedDevice> devices;
  for (Device device : nvml->Devices()) {
    unsigned long long reading = 0;  // NOLINT: NVML's type
    if (!nvml->Millijoules(device, &reading)) continue;
    devices.push_back({device, MonotonicCounter(reading, /*range=*/0)});
  }
  if (devices.empty()) return nullptr;
  return std::make_unique<NvmlMeter>(std::move(nvml), std::move(devices));
}

}  // namespace assay::server
