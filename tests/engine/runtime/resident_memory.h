// The resident memory of the test process.
#ifndef ASSAY_TESTS_ENGINE_RUNTIME_RESIDENT_MEMORY_H_
#define ASSAY_TESTS_ENGINE_RUNTIME_RESIDENT_MEMORY_H_

#include <cstdint>
#include <fstream>
#include <string>

#ifdef __linux__
#include <unistd.h>
#endif

namespace assay::engine {

// Returns the resident bytes; 0 on systems without /proc.
inline int64_t ResidentBytes() {
#ifdef __linux__
  std::ifstream file("/proc/self/statm");
  int64_t size = 0;
  int64_t resident = 0;
  file >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
#else
  return 0;
#endif
}

// Returns the peak of the resident bytes since ResetPeak(); 0 on systems without /proc.
inline int64_t PeakResidentBytes() {
  std::ifstream file("/proc/self/status");
  std::string word;
  while (file >> word) {
    int64_t kilobytes = 0;
    if (word == "VmHWM:" && file >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

// AddressSanitizer keeps freed memory, so that a process does not shrink.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kFreedMemoryIsReturned = false;
#else
inline constexpr bool kFreedMemoryIsReturned = true;
#endif

inline void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_RUNTIME_RESIDENT_MEMORY_H_
