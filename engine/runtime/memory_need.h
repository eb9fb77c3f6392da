// Memory of a model before it is loaded. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_MEMORY_NEED_H_
#define ASSAY_ENGINE_RUNTIME_MEMORY_NEED_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "engine/architectures/model_files.h"
#include "engine/runtime/inspection.h"
#include "engine/runtime/quantised_matrix.h"

namespace assay::engine {

// element_bytes: of the type that it is computed in. bits: as LoadTransformerWeights() takes them.
MemoryNeed NeedOf(const ModelFiles& files, int64_t element_bytes, WeightBits bits, int64_t context,
                  int64_t prefill_chunk);

// Of LoadOptions::weights.
absl::StatusOr<WeightBits> ParseWeights(const std::string& name);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_MEMORY_NEED_H_
