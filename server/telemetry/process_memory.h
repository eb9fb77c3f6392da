// Measures the resident memory of this process, current and peak.
#ifndef ASSAY_SERVER_TELEMETRY_PROCESS_MEMORY_H_
#define ASSAY_SERVER_TELEMETRY_PROCESS_MEMORY_H_

#include <memory>

#include "evaluator/records/text_generator.h"

namespace assay::server {

// Returns a probe of the resident memory and its peak.
//
// On Linux the current value is the resident pages of /proc/self/statm. The peak is the kernel's
// own (VmHWM), reset through /proc/self/clear_refs, so no spike is missed. Where the reset is not
// permitted, a thread samples every 5 ms instead. On macOS the value is phys_footprint of task_info
// and the peak comes from the same kind of thread. A call costs microseconds (it reads a small
// file) and returns 0 if the system does not report the value.
std::unique_ptr<evaluator::MemoryProbe> MakeProcessMemoryProbe();

// Returns a probe whose peak is the maximum seen by a sampling thread. Works on every system.
std::unique_ptr<evaluator::MemoryProbe> MakeSamplingMemoryProbe();

}  // namespace assay::server

#endif  // ASSAY_SERVER_TELEMETRY_PROCESS_MEMORY_H_
