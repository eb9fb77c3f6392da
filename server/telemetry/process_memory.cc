// Measures the resident memory of this process, current and peak.
#include "server/telemetry/process_memory.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "base/periodic_task.h"

#ifdef __APPLE__
#include <mach/mach.h>
#else
#include <unistd.h>
#endif

namespace assay::server {
namespace {

constexpr absl::Duration kSamplePeriod = absl::Milliseconds(5);

#ifdef __APPLE__

int64_t ReadResidentBytes() {
  task_vm_info_data_t info;
  mach_msg_type_number_t count = TASK_VM_INFO_COUNT;
  const kern_return_t result =
      task_info(mach_task_self(), TASK_VM_INFO, reinterpret_cast<task_info_t>(&info), &count);
  return result == KERN_SUCCESS ? static_cast<int64_t>(info.phys_footprint) : 0;
}

#else

int64_t ReadResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t total_pages = 0;
  int64_t resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return statm ? resident_pages * sysconf(_SC_PAGESIZE) : 0;
}

constexpr int64_t kKibibyte = 1024;
constexpr char kHighWaterMark[] = "VmHWM:";

// Returns 0 if the kernel does not report it.
int64_t ReadHighWaterMarkBytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind(kHighWaterMark, 0) == 0) {
      return std::stoll(line.substr(sizeof(kHighWaterMark) - 1)) * kKibibyte;
    }
  }
  return 0;
}

// Writing "5" means "reset the peak resident set size" (proc(5)). Returns false if that is not
// permitted.
bool ResetHighWaterMark() {
  std::ofstream clear_refs("/proc/self/clear_refs");
  clear_refs << "5" << std::flush;
  return clear_refs.good();
}

class KernelPeakProbe : public evaluator::MemoryProbe {
 public:
  int64_t ResidentBytes() override { return ReadResidentBytes(); }
  int64_t PeakBytes() override { return std::max(ReadHighWaterMarkBytes(), ReadResidentBytes()); }
  void ResetPeak() override { ResetHighWaterMark(); }
};

#endif

class SamplingProbe : public evaluator::MemoryProbe {
 public:
  SamplingProbe()
      : peak_bytes_(ReadResidentBytes()),
        sampler_(kSamplePeriod, PeriodicTask::First::kAfterInterval,
                 [this] { Raise(ReadResidentBytes()); }) {}

  int64_t ResidentBytes() override { return ReadResidentBytes(); }
  int64_t PeakBytes() override {
    Raise(ReadResidentBytes());
    return peak_bytes_;
  }
  void ResetPeak() override { peak_bytes_ = ReadResidentBytes(); }

 private:
  void Raise(int64_t bytes) {
    int64_t peak = peak_bytes_;
    while (bytes > peak && !peak_bytes_.compare_exchange_weak(peak, bytes)) {
    }
  }

  std::atomic<int64_t> peak_bytes_;
  PeriodicTask sampler_;
};

}  // namespace

std::unique_ptr<evaluator::MemoryProbe> MakeSamplingMemoryProbe() {
  return std::make_unique<SamplingProbe>();
}

std::unique_ptr<evaluator::MemoryProbe> MakeProcessMemoryProbe() {
#ifndef __APPLE__
  if (ReadHighWaterMarkBytes() > 0 && ResetHighWaterMark()) {
    return std::make_unique<KernelPeakProbe>();
  }
#endif
  return MakeSamplingMemoryProbe();
}

}  // namespace assay::server
