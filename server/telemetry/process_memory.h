// How much memory this process holds, now and at its peak.
#ifndef ASSAY_SERVER_TELEMETRY_PROCESS_MEMORY_H_
#define ASSAY_SERVER_TELEMETRY_PROCESS_MEMORY_H_

#include <memory>

#include "evaluator/records/text_generator.h"

namespace assay::server {

// Linux: resident pages of /proc/self/statm; the peak is the kernel's own (VmHWM), reset through
// /proc/self/clear_refs, so that no spike is missed; where that is not permitted, a thread samples
// every 5 ms. macOS: phys_footprint of task_info, peak by the same thread. A call costs
// microseconds (a small file read), 0 when the system does not say.
std::unique_ptr<evaluator::MemoryProbe> MakeProcessMemoryProbe();

// Resident memory with the peak seen by a sampling thread, on any system.
std::unique_ptr<evaluator::MemoryProbe> MakeSamplingMemoryProbe();

}  // namespace assay::server

#endif  // ASSAY_SERVER_TELEMETRY_PROCESS_MEMORY_H_
