// Memory of a model before it is loaded. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_MEMORY_NEED_H_
#define ASSAY_ENGINE_RUNTIME_MEMORY_NEED_H_

#include <cstdint>

#include "engine/architectures/model_files.h"
#include "engine/runtime/inspection.h"

namespace assay::engine {

// element_bytes: of the type that it is computed in.
MemoryNeed NeedOf(const ModelFiles& files, int64_t element_bytes, int64_t context,
                  int64_t prefill_chunk);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_MEMORY_NEED_H_
