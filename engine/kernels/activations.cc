// Rows of activations.
#include "engine/kernels/activations.h"

#include <cstddef>
#include <cstdint>

#include "engine/kernels/matrix_product.h"
#include "engine/kernels/packed_matrix.h"

namespace assay::engine {

QuantisedRows::QuantisedRows(int64_t max_rows, int64_t columns)
    : columns_(columns),
      groups_(columns / kGroup),
      codes_(static_cast<size_t>(max_rows * columns)),
      scales_(static_cast<size_t>(max_rows * groups_)),
      sums_(static_cast<size_t>(max_rows * groups_)) {}

void QuantisedRows::Set(int64_t row, const float* values, int64_t group_begin, int64_t group_end) {
  for (int64_t group = group_begin; group < group_end; ++group) {
    const int64_t place = row * groups_ + group;
    scales_.data()[place] =
        QuantiseActivationGroup(values + group * kGroup, codes_.data() + place * kGroup,
                                sums_.data() + place);
  }
}

}  // namespace assay::engine
