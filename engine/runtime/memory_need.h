// Memory of a model before it is loaded. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_MEMORY_NEED_H_
#define ASSAY_ENGINE_RUNTIME_MEMORY_NEED_H_

#include <cstdint>

#include "engine/architectures/model_files.h"
#include "engine/runtime/inspection.h"
#include "engine/runtime/weight_choice.h"

namespace assay::engine {

// What decides a model's memory, besides its files.
struct MemoryShape {
  // Of the type that it is computed in.
  int64_t element_bytes = 4;
  // For the CPU's kernels; `full` as PackedTypeFor() takes it.
  bool packed = false;
  PackedType full = PackedType::kFloat32;
  WeightBits bits = WeightBits::kAsStored;
  int64_t kv_element_bytes = 4;
  int64_t context = 0;
  // Of all sequences.
  int64_t cache_tokens = 0;
  // Computed at once.
  int64_t step_tokens = 0;
};

MemoryNeed NeedOf(const ModelFiles& files, const MemoryShape& shape);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_MEMORY_NEED_H_
