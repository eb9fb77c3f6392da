// Measures the load of the whole machine.
#include "server/telemetry/machine_probe.h"

#include <sys/statvfs.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/mutex_lock.h"

#ifdef __APPLE__
#include <ifaddrs.h>
#include <mach/mach.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <sys/sysctl.h>
#include <unistd.h>
#else
#include <fstream>
#include <sstream>
#endif

namespace assay::server {
namespace {

constexpr double kMegabyte = 1e6;
constexpr double kPercent = 100;

// The length of a tick does not matter: only ratios are used.
struct CpuTicks {
  uint64_t busy = 0;
  uint64_t all = 0;
};

struct MemoryBytes {
  double total = 0;
  double available = 0;
};

struct NetworkBytes {
  double received = 0;
  double sent = 0;
};

#ifdef __APPLE__

std::optional<CpuTicks> ReadCpu() {
  host_cpu_load_info_data_t load;
  mach_msg_type_number_t count = HOST_CPU_LOAD_INFO_COUNT;
  if (host_statistics(mach_host_self(), HOST_CPU_LOAD_INFO, reinterpret_cast<host_info_t>(&load),
                      &count) != KERN_SUCCESS) {
    return std::nullopt;
  }
  CpuTicks ticks;
  for (int state = 0; state < CPU_STATE_MAX; ++state) {
    ticks.all += load.cpu_ticks[state];
    if (state != CPU_STATE_IDLE) ticks.busy += load.cpu_ticks[state];
  }
  return ticks;
}

std::optional<MemoryBytes> ReadMemory() {
  uint64_t total = 0;
  size_t size = sizeof(total);
  vm_statistics64_data_t pages;
  mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
  if (sysctlbyname("hw.memsize", &total, &size, nullptr, 0) != 0 ||
      host_statistics64(mach_host_self(), HOST_VM_INFO64, reinterpret_cast<host_info64_t>(&pages),
                        &count) != KERN_SUCCESS) {
    return std::nullopt;
  }
  const auto page = static_cast<double>(getpagesize());
  return MemoryBytes{
      .total = static_cast<double>(total),
      .available = (static_cast<double>(pages.free_count) + pages.inactive_count) * page};
}

std::optional<NetworkBytes> ReadNetwork() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return std::nullopt;
  NetworkBytes bytes;
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_LINK ||
        each->ifa_data == nullptr || (each->ifa_flags & IFF_LOOPBACK) != 0) {
      continue;
    }
    const auto* data = static_cast<const if_data*>(each->ifa_data);
    bytes.received += data->ifi_ibytes;
    bytes.sent += data->ifi_obytes;
  }
  freeifaddrs(first);
  return bytes;
}

#else

// The fields of /proc/stat by proc(5) are: user nice system idle iowait irq softirq steal.
std::optional<CpuTicks> ReadCpu() {
  constexpr int kFields = 8;
  constexpr int kIdle = 3;
  constexpr int kIoWait = 4;
  std::ifstream stat("/proc/stat");
  std::string name;
  stat >> name;
  CpuTicks ticks;
  for (int field = 0; field < kFields; ++field) {
    uint64_t value = 0;
    if (!(stat >> value)) return std::nullopt;
    ticks.all += value;
    if (field != kIdle && field != kIoWait) ticks.busy += value;
  }
  return ticks;
}

std::optional<MemoryBytes> ReadMemory() {
  constexpr double kKibibyte = 1024;
  std::ifstream meminfo("/proc/meminfo");
  std::map<std::string, double> bytes;
  std::string line;
  while (std::getline(meminfo, line)) {
    std::istringstream words(line);
    std::string name;
    double value = 0;
    if (words >> name >> value) bytes[name] = value * kKibibyte;
  }
  const auto total = bytes.find("MemTotal:");
  const auto available = bytes.find("MemAvailable:");
  if (total == bytes.end() || available == bytes.end()) return std::nullopt;
  return MemoryBytes{.total = total->second, .available = available->second};
}

// /proc/net/dev has two header lines, then "eth0: received_bytes (7 other fields) sent_bytes ...".
std::optional<NetworkBytes> ReadNetwork() {
  constexpr int kFieldsBetween = 7;
  std::ifstream devices("/proc/net/dev");
  std::string line;
  std::getline(devices, line);
  if (!std::getline(devices, line)) return std::nullopt;
  NetworkBytes bytes;
  while (std::getline(devices, line)) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || line.substr(0, colon).ends_with(" lo")) continue;
    std::istringstream words(line.substr(colon + 1));
    double received = 0;
    double sent = 0;
    words >> received;
    for (int i = 0; i <= kFieldsBetween; ++i) words >> sent;
    if (!words) continue;
    bytes.received += received;
    bytes.sent += sent;
  }
  return bytes;
}

#endif

class MachineProbe : public evaluator::SystemProbe {
 public:
  explicit MachineProbe(std::string path)
      : path_(std::move(path)), network_(ReadNetwork()), cpu_(ReadCpu()) {}

  std::map<std::string, double> Read() override {
    std::map<std::string, double> values;
    AddCpu(&values);
    if (const std::optional<MemoryBytes> memory = ReadMemory(); memory && memory->total > 0) {
      const double used = memory->total - memory->available;
      values["system_memory_usage_megabytes"] = used / kMegabyte;
      values["system_memory_usage_percentage"] = used / memory->total * kPercent;
    }
    AddDisk(&values);
    if (const std::optional<NetworkBytes> now = ReadNetwork(); now && network_) {
      values["network_receive_megabytes"] = (now->received - network_->received) / kMegabyte;
      values["network_transmit_megabytes"] = (now->sent - network_->sent) / kMegabyte;
    }
    return values;
  }

 private:
  void AddCpu(std::map<std::string, double>* values) {
    const MutexLock lock(mutex_);
    const std::optional<CpuTicks> now = ReadCpu();
    if (now && cpu_ && now->all > cpu_->all) {
      (*values)["cpu_utilization_percentage"] = static_cast<double>(now->busy - cpu_->busy) /
                                                static_cast<double>(now->all - cpu_->all) *
                                                kPercent;
    }
    cpu_ = now;
  }

  void AddDisk(std::map<std::string, double>* values) const {
    struct statvfs disk;
    if (statvfs(path_.c_str(), &disk) != 0 || disk.f_blocks == 0) return;
    const auto block = static_cast<double>(disk.f_frsize);
    const double total = block * static_cast<double>(disk.f_blocks);
    const double used = total - block * static_cast<double>(disk.f_bfree);
    (*values)["disk_usage_megabytes"] = used / kMegabyte;
    (*values)["disk_usage_percentage"] = used / total * kPercent;
    (*values)["disk_available_megabytes"] = block * static_cast<double>(disk.f_bavail) / kMegabyte;
  }

  const std::string path_;
  const std::optional<NetworkBytes> network_;
  absl::Mutex mutex_;
  std::optional<CpuTicks> cpu_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<evaluator::SystemProbe> MakeMachineProbe(std::string path) {
  return std::make_unique<MachineProbe>(std::move(path));
}

}  // namespace assay::server
