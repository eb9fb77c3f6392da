// A decoder-only transformer by libtorch's operators, on any of its devices. Private to this
// folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_EXECUTOR_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_EXECUTOR_H_

#include <cstdint>
#include <memory>

#include "engine/architectures/model_spec.h"
#include "engine/runtime/executor/transformer_weights.h"
#include "engine/runtime/scheduler/model_executor.h"
#include "engine/threads/time_slice_queue.h"

namespace assay::engine {

// `weights` are not packed. context: the longest sequence. turns: of the models on its device; must
// outlive the result. Throws as libtorch does.
std::unique_ptr<ModelExecutor> MakeDeviceExecutor(const ModelSpec& spec, TransformerWeights weights,
                                                  int64_t context, int64_t pages,
                                                  TimeSliceQueue& slices);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_EXECUTOR_H_
