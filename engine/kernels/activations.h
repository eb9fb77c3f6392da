// Rows of activations, the left side of a product with a PackedMatrix.
#ifndef ASSAY_ENGINE_KERNELS_ACTIVATIONS_H_
#define ASSAY_ENGINE_KERNELS_ACTIVATIONS_H_

#include <cstdint>

#include "engine/kernels/aligned_buffer.h"

namespace assay::engine {

// Activations [rows, columns] in 8 bits: value = scale * code, a scale for each group of 32 of a
// row, its largest absolute value / 127.
class QuantisedRows {
 public:
  QuantisedRows() = default;
  // columns: whole groups.
  QuantisedRows(int64_t max_rows, int64_t columns);

  // Quantises the groups [group_begin, group_end) of a row of floats, [columns]. Threads may do so
  // for different groups at the same time.
  void Set(int64_t row, const float* values, int64_t group_begin, int64_t group_end);
  void Set(int64_t row, const float* values) { Set(row, values, 0, groups_); }

  int64_t columns() const { return columns_; }
  int64_t groups() const { return groups_; }
  // [columns].
  const int8_t* codes(int64_t row) const { return codes_.data() + row * columns_; }
  // [groups].
  const float* scales(int64_t row) const { return scales_.data() + row * groups_; }
  // [groups]: sums of the codes.
  const int32_t* sums(int64_t row) const { return sums_.data() + row * groups_; }

 private:
  int64_t columns_ = 0;
  int64_t groups_ = 0;
  AlignedArray<int8_t> codes_;
  AlignedArray<float> scales_;
  AlignedArray<int32_t> sums_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_ACTIVATIONS_H_
