// The memory estimate of a model. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_MEMORY_NEED_H_
#define ASSAY_ENGINE_RUNTIME_MEMORY_NEED_H_

#include <cstdint>

#include "engine/architectures/model_files.h"
#include "engine/runtime/inspection.h"
#include "engine/runtime/load_plan.h"

namespace assay::engine {

// Estimates the memory of a model that is loaded by `plan`, from the headers of its files.
MemoryNeed EstimateMemory(const ModelFiles& files, const LoadPlan& plan);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_MEMORY_NEED_H_
