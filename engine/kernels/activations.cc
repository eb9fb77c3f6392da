// Rows of activations.
#include "engine/kernels/activations.h"

#include <cstddef>
#include <cstdint>

#include "engine/kernels/matrix_product.h"
#include "engine/kernels/packed_matrix.h"

namespace assay::engine {

static_assert(QuantisedTile::kColumns == kGroup);

QuantisedRows::QuantisedRows(int64_t max_rows, int64_t columns)
    : groups_(columns / kGroup),
      tiles_(static_cast<size_t>((max_rows + QuantisedTile::kRows - 1) / QuantisedTile::kRows *
                                 groups_)) {}

void QuantisedRows::Set(int64_t row, const float* values, int64_t group_begin, int64_t group_end) {
  QuantiseActivations(values + group_begin * kGroup, group_end - group_begin,
                      row % QuantisedTile::kRows,
                      tiles_.data() + row / QuantisedTile::kRows * groups_ + group_begin);
}

}  // namespace assay::engine
