// The formats of weights in memory.
#include "engine/runtime/executor/weight_choice.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace assay::engine {

absl::StatusOr<WeightBits> ParseWeights(const std::string& name) {
  if (name == "auto") return WeightBits::kAsStored;
  if (name == "full") return WeightBits::kFull;
  if (name == "int8") return WeightBits::kInt8;
  if (name == "int4") return WeightBits::kInt4;
  return absl::InvalidArgumentError(
      absl::StrCat("weights \"", name, "\" is not one of auto, full, int8, int4"));
}

PackedType PackedTypeFor(GgmlType stored, int64_t columns, WeightBits bits, PackedType full) {
  const auto if_supported = [&](PackedType type) {
    return PackedMatrix::Supports(type, columns) ? type : full;
  };
  switch (bits) {
    case WeightBits::kFull:
      return full;
    case WeightBits::kInt8:
      return if_supported(PackedType::kInt8);
    case WeightBits::kInt4:
      return if_supported(PackedType::kInt4Affine);
    case WeightBits::kAsStored:
      break;
  }
  if (stored == GgmlType::kF32) return full;
  return if_supported(PackedMatrix::ExactTypeOf(stored).value_or(PackedType::kInt8));
}

}  // namespace assay::engine
