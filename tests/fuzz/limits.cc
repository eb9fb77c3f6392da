#include "tests/fuzz/limits.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>

#include "tests/fuzz/require.h"

// Sanitizers define these functions.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" {
__attribute__((weak)) int __sanitizer_install_malloc_and_free_hooks(
    void (*malloc_hook)(const volatile void*, size_t), void (*free_hook)(const volatile void*));
__attribute__((weak)) size_t __sanitizer_get_allocated_size(const volatile void* p);
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace assay {
namespace {

constexpr absl::Duration kFileCpu = absl::Seconds(2);
constexpr absl::Duration kRequestCpu = absl::Milliseconds(500);
constexpr int kSanitizerSlowness = 10;
constexpr size_t kMaxFactor = 4;
constexpr size_t kMaxBytes = size_t{256} << 20;

bool HasSanitizer() { return __sanitizer_install_malloc_and_free_hooks != nullptr; }

absl::Duration ProcessCpu() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

// Allocated bytes, which the hooks of a sanitizer count. Resident memory would include its own.
std::atomic<int64_t> allocated = 0;
std::atomic<int64_t> peak = 0;

void OnMalloc(const volatile void* /*pointer*/, size_t bytes) {
  const int64_t now = allocated += static_cast<int64_t>(bytes);
  int64_t seen = peak;
  while (now > seen && !peak.compare_exchange_weak(seen, now)) {
  }
}

void OnFree(const volatile void* pointer) {
  if (pointer != nullptr)
    allocated -= static_cast<int64_t>(__sanitizer_get_allocated_size(pointer));
}

// Returns a line of /proc/self/status in bytes; 0 where there is none.
size_t StatusBytes(const std::string& name) {
  constexpr size_t kKibibyte = 1024;
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    size_t kibibytes = 0;
    if (word == name && status >> kibibytes) return kibibytes * kKibibyte;
  }
  return 0;
}

size_t StartMemory() {
  if (HasSanitizer()) {
    [[maybe_unused]] static const int kInstalled =
        __sanitizer_install_malloc_and_free_hooks(OnMalloc, OnFree);
    peak = allocated.load();
    return static_cast<size_t>(std::max<int64_t>(0, peak));
  }
  // 5 resets the peak of resident memory, see proc(5).
  std::ofstream("/proc/self/clear_refs") << 5;
  return StatusBytes("VmRSS:");
}

size_t PeakMemory() {
  return HasSanitizer() ? static_cast<size_t>(std::max<int64_t>(0, peak)) : StatusBytes("VmHWM:");
}

}  // namespace

Limits::Limits(Input input, size_t bytes)
    : max_cpu_((input == Input::kFile ? kFileCpu : kRequestCpu) *
               (HasSanitizer() ? kSanitizerSlowness : 1)),
      max_growth_(kMaxFactor * bytes + kMaxBytes),
      cpu_at_start_(ProcessCpu()),
      memory_at_start_(StartMemory()) {}

Limits::~Limits() {
  const absl::Duration cpu = ProcessCpu() - cpu_at_start_;
  const size_t memory = PeakMemory();
  const size_t growth = memory > memory_at_start_ ? memory - memory_at_start_ : 0;
  if (cpu > max_cpu_ || growth > max_growth_) {
    std::cerr << "used " << absl::ToDoubleSeconds(cpu) << " s of processor time (limit "
              << absl::ToDoubleSeconds(max_cpu_) << " s) and " << growth << " bytes (limit "
              << max_growth_ << ")\n";
  }
  Require(cpu <= max_cpu_, "limit on processor time");
  Require(growth <= max_growth_, "limit on memory");
}

}  // namespace assay
