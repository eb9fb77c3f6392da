// Standard process metrics (`process_*`), named as in every Prometheus client library.
#include "server/telemetry/process_metrics.h"

#include <sys/resource.h>
#ifdef __APPLE__
#include <mach/mach.h>
#else
#include <unistd.h>
#endif

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace assay::server {
namespace {

using Families = std::vector<prometheus::MetricFamily>;

constexpr double kMicrosecond = 1e-6;

void Add(const char* name, const char* help, prometheus::MetricType type, double value,
         Families* families) {
  prometheus::ClientMetric metric;
  metric.gauge.value = value;
  metric.counter.value = value;
  families->push_back({.name = name, .help = help, .type = type, .metric = {metric}});
}

void AddGauge(const char* name, const char* help, double value, Families* families) {
  Add(name, help, prometheus::MetricType::Gauge, value, families);
}

void AddCpu(Families* families) {
  rusage usage = {};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * kMicrosecond;
  };
  Add("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
      prometheus::MetricType::Counter, seconds(usage.ru_utime) + seconds(usage.ru_stime), families);
}

void AddFileLimit(Families* families) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const double max_fds = limit.rlim_cur == RLIM_INFINITY ? std::numeric_limits<double>::infinity()
                                                         : static_cast<double>(limit.rlim_cur);
  AddGauge("process_max_fds", "Maximum number of open file descriptors.", max_fds, families);
}

#ifdef __linux__

// Field numbers of /proc/self/stat by proc(5). Fields are counted after the command name, which may
// contain any character.
constexpr size_t kFirstField = 3;
constexpr size_t kThreads = 20;
constexpr size_t kStartTime = 22;
constexpr size_t kVirtualBytes = 23;
constexpr size_t kResidentPages = 24;

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Returns the boot time in seconds since the epoch, or nullopt if the kernel does not report it.
std::optional<double> BootTime() {
  std::istringstream lines(ReadFile("/proc/stat"));
  std::string word;
  double seconds = 0;
  while (lines >> word) {
    if (word == "btime" && lines >> seconds) return seconds;
  }
  return std::nullopt;
}

void AddProc(Families* families) {
  const std::string stat = ReadFile("/proc/self/stat");
  const size_t end_of_name = stat.rfind(')');
  if (end_of_name == std::string::npos) return;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(stat).substr(end_of_name + 1), ' ', absl::SkipEmpty());
  const auto field = [&fields](size_t number) {
    double value = 0;
    const size_t index = number - kFirstField;
    return index < fields.size() && absl::SimpleAtod(fields[index], &value) ? value : 0.0;
  };
  AddGauge("process_threads", "Number of threads in the process.", field(kThreads), families);
  AddGauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", field(kVirtualBytes),
           families);
  AddGauge("process_resident_memory_bytes", "Resident memory size in bytes.",
           field(kResidentPages) * static_cast<double>(sysconf(_SC_PAGESIZE)), families);
  if (const std::optional<double> boot = BootTime()) {
    AddGauge("process_start_time_seconds",
             "Start time of the process since the Unix epoch in seconds.",
             *boot + field(kStartTime) / static_cast<double>(sysconf(_SC_CLK_TCK)), families);
  }
}

void AddOpenFiles(Families* families) {
  std::error_code error;
  std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (error) return;
  // Listing the folder opens it, which adds one entry.
  const auto count = std::distance(files, std::filesystem::directory_iterator()) - 1;
  AddGauge("process_open_fds", "Number of open file descriptors.", static_cast<double>(count),
           families);
}

#else

void AddProc(Families* families) {
  task_vm_info_data_t info = {};
  mach_msg_type_number_t count = TASK_VM_INFO_COUNT;
  if (task_info(mach_task_self(), TASK_VM_INFO, reinterpret_cast<task_info_t>(&info), &count) !=
      KERN_SUCCESS) {
    return;
  }
  AddGauge("process_resident_memory_bytes", "Resident memory size in bytes.",
           static_cast<double>(info.phys_footprint), families);
  AddGauge("process_virtual_memory_bytes", "Virtual memory size in bytes.",
           static_cast<double>(info.virtual_size), families);
}

void AddOpenFiles(Families* /*families*/) {}

#endif

}  // namespace

Families CollectProcessMetrics() {
  Families families;
  AddCpu(&families);
  AddProc(&families);
  AddOpenFiles(&families);
  AddFileLimit(&families);
  return families;
}

}  // namespace assay::server
