// Quantized activations: the left operand of a product with a PackedMatrix.
#include "engine/kernels/activations.h"

#include <cstddef>
#include <cstdint>

#include "engine/kernels/matrix_product.h"
#include "engine/kernels/packed_matrix.h"

namespace assay::engine {

static_assert(QuantizedTile::kColumns == kGroup);

QuantizedRows::QuantizedRows(int64_t max_rows, int64_t columns)
    : groups_(columns / kGroup),
      tiles_(static_cast<size_t>((max_rows + QuantizedTile::kRows - 1) / QuantizedTile::kRows *
                                 groups_)) {}

void QuantizedRows::Set(int64_t row, const float* values, int64_t group_begin, int64_t group_end) {
  QuantizeActivations(values + group_begin * kGroup, group_end - group_begin,
                      row % QuantizedTile::kRows,
                      tiles_.data() + row / QuantizedTile::kRows * groups_ + group_begin);
}

}  // namespace assay::engine
