// Quantized activations: the left operand of a product with a PackedMatrix.
#ifndef ASSAY_ENGINE_KERNELS_ACTIVATIONS_H_
#define ASSAY_ENGINE_KERNELS_ACTIVATIONS_H_

#include <cstdint>

#include "engine/kernels/aligned_buffer.h"

namespace assay::engine {

// A group of 32 columns of up to 8 rows. A product reads tiles one after the other.
struct QuantizedTile {
  static constexpr int64_t kRows = 8;
  static constexpr int64_t kColumns = 32;

  // value = scales[row] * codes[row][column]; codes are in [-127, 127].
  int8_t codes[kRows][kColumns];
  float scales[kRows];
  // The sums of the codes of each row.
  int32_t sums[kRows];
  // scales[row] * sums[row].
  float scaled_sums[kRows];
};

// Activations [rows, columns] in 8 bits. Each group of 32 columns of a row has a scale: its largest
// absolute value / 127.
class QuantizedRows {
 public:
  QuantizedRows() = default;
  // `columns` must be a multiple of 32.
  QuantizedRows(int64_t max_rows, int64_t columns);

  // Quantizes the groups [group_begin, group_end) of a row of floats, [columns]. Threads may call
  // it at the same time for different groups or rows.
  void Set(int64_t row, const float* values, int64_t group_begin, int64_t group_end);
  void Set(int64_t row, const float* values) { Set(row, values, 0, groups_); }

  int64_t columns() const { return groups_ * QuantizedTile::kColumns; }
  int64_t groups() const { return groups_; }
  // Returns the tiles of the rows [8 * index, 8 * index + 8), one per group.
  const QuantizedTile* tiles(int64_t index) const { return tiles_.data() + index * groups_; }

 private:
  int64_t groups_ = 0;
  AlignedArray<QuantizedTile> tiles_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_ACTIVATIONS_H_
