// The turns of the threads that use a device. Private to engine/runtime.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_TURNS_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_TURNS_H_

#include <string>

#include "engine/threads/time_slice_queue.h"

namespace assay::engine {

// Returns the queue of a device, by DeviceInfo::name. Every call of libtorch for the device must be
// made within a time slice of it: steps, each copy of a load, unloads. On MPS two threads that call
// libtorch at the same time abort the process (pytorch issue 197805). Queries of the allocator's
// counters are exempt: they have a lock of their own. Thread-safe; the queue lives forever.
TimeSliceQueue& DeviceTurns(const std::string& device);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_TURNS_H_
