// A ModelExecutor that computes a decoder-only transformer with libtorch's operators, on any of its
// devices. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_EXECUTOR_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_EXECUTOR_H_

#include <cstdint>
#include <memory>

#include "engine/architectures/model_spec.h"
#include "engine/runtime/executor/device_quirks.h"
#include "engine/runtime/executor/transformer_weights.h"
#include "engine/runtime/scheduler/model_executor.h"
#include "engine/threads/time_slice_queue.h"

namespace assay::engine {

// Creates the executor. `weights` must not be packed. `context` is the maximum length of a
// sequence. `turns` is the queue of the device
// (device_turns.h); the executor takes a turn for everything that it does there. Throws the
// exceptions of libtorch.
std::unique_ptr<ModelExecutor> MakeDeviceExecutor(const ModelSpec& spec, TransformerWeights weights,
                                                  int64_t context, int64_t pages,
                                                  const DeviceQuirks& quirks,
                                                  TimeSliceQueue& turns);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_EXECUTOR_H_
