// How weights are kept in memory. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_WEIGHT_CHOICE_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_WEIGHT_CHOICE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "engine/formats/stored_tensor.h"
#include "engine/kernels/packed_matrix.h"

namespace assay::engine {

// How matrices are kept: as the type of computation, or of storage, asks; all expanded; quantized.
enum class WeightBits { kAsStored, kFull, kInt8, kInt4 };

// Of LoadOptions::weights.
absl::StatusOr<WeightBits> ParseWeights(const std::string& name);

// The type that the CPU's kernels are given for a matrix with this many columns. `full`: for
// weights that are stored in fp32, or expanded. Stored types that the kernels do not read become
// 8-bit where the columns suit.
PackedType PackedTypeFor(GgmlType stored, int64_t columns, WeightBits bits, PackedType full);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_WEIGHT_CHOICE_H_
