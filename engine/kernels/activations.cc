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
  QuantisedTile* tiles = tiles_.data() + row / QuantisedTile::kRows * groups_;
  const int64_t place = row % QuantisedTile::kRows;
  for (int64_t group = group_begin; group < group_end; ++group) {
    QuantisedTile& tile = tiles[group];
    const float scale =
        QuantiseActivationGroup(values + group * kGroup, tile.codes[place], &tile.sums[place]);
    tile.scales[place] = scale;
    tile.scaled_sums[place] = scale * static_cast<float>(tile.sums[place]);
  }
}

}  // namespace assay::engine
