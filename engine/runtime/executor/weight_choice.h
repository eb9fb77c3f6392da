// The formats of weights in memory. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_WEIGHT_CHOICE_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_WEIGHT_CHOICE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "engine/formats/stored_tensor.h"
#include "engine/kernels/packed_matrix.h"

namespace assay::engine {

// How matrices are kept: in the type of computation or of storage, expanded, or quantized.
enum class WeightBits { kAsStored, kFull, kInt8, kInt4 };

// Parses LoadOptions::weights.
absl::StatusOr<WeightBits> ParseWeights(const std::string& name);

// Returns the type in which a matrix with this many columns is packed for the CPU's kernels. `full`
// is the type of weights that are stored in fp32 or expanded. Stored types that the kernels do not
// support become kInt8 if the number of columns allows that.
PackedType PackedTypeFor(GgmlType stored, int64_t columns, WeightBits bits, PackedType full);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_WEIGHT_CHOICE_H_
