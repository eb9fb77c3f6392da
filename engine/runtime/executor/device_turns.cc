// The turns of the threads that use a device.
#include "engine/runtime/executor/device_turns.h"

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/mutex_lock.h"
#include "engine/threads/time_slice_queue.h"

namespace assay::engine {

TimeSliceQueue& DeviceTurns(const std::string& device) {
  static absl::Mutex mutex;
  static std::map<std::string, TimeSliceQueue> queues ABSL_GUARDED_BY(mutex);
  const MutexLock lock(mutex);
  return queues[device];
}

}  // namespace assay::engine
