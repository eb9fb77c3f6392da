// The memory that an inspection takes. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_INSPECTION_MEMORY_H_
#define ASSAY_ENGINE_RUNTIME_INSPECTION_MEMORY_H_

#include <cstdint>
#include <string>

namespace assay::engine {

// Returns an upper bound of the memory that InspectModel() takes for the model at `path`, from the
// sizes of its headers, configuration and tokenizer; at most 1 GiB. Takes milliseconds and almost
// no memory itself.
int64_t EstimateInspectionBytes(const std::string& path);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_INSPECTION_MEMORY_H_
