// A weight matrix in the layout of the CPU's kernels.
#ifndef ASSAY_ENGINE_KERNELS_PACKED_MATRIX_H_
#define ASSAY_ENGINE_KERNELS_PACKED_MATRIX_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "engine/formats/stored_tensor.h"
#include "engine/kernels/aligned_buffer.h"

namespace assay::engine {

// The format of the weights in memory. Quantized formats have an fp16 scale for each group of 32
// weights of a row: w = scale * (code - zero), or w = scale * code + minimum.
enum class PackedType {
  kFloat32,
  kFloat16,
  kBFloat16,
  // zero = 128, codes 0 to 255.
  kInt8,
  // zero = 8, codes 0 to 15.
  kInt4,
  // Codes 0 to 15, and an fp16 minimum for each group.
  kInt4Affine,
};

inline constexpr int64_t kPanelRows = 16;
inline constexpr int64_t kGroup = 32;
// The number of consecutive weights of a row that lie together: the operand of an 8-bit dot
// product.
inline constexpr int64_t kQuad = 4;

bool IsQuantized(PackedType type);

// A matrix [rows, columns], stored in panels of 16 rows. A vector register then holds one column
// (or four of them, 8 bits each) of many rows, and a product needs no sums across a register. The
// last panel is padded with zeros.
//
// The values of a panel are
// - for float types: [columns, 16];
// - for kInt8: [groups, 8 quads, 16 rows, 4];
// - for 4 bits: [groups, 4 quads, 16 rows, 4 bytes], where byte b of quad q holds column 4q + b of
//   the group in its low half and column 16 + 4q + b in its high half.
// Its scales are [groups, 16], for kInt4Affine [groups, scales and minima, 16].
//
// Several threads may fill different panels at the same time. Immutable after that.
class PackedMatrix {
 public:
  // Creates a matrix of zeros, in memory of its own or of `arena`. Supports(type, columns) must be
  // true.
  PackedMatrix(PackedType type, int64_t rows, int64_t columns, BufferArena* arena = nullptr);

  // Returns true if the type can hold rows of this many columns: quantized types need whole groups.
  static bool Supports(PackedType type, int64_t columns);
  static int64_t BytesOf(PackedType type, int64_t rows, int64_t columns);
  // Returns the type that holds a stored type without loss, or nullopt. Other stored types are
  // dequantized and packed as kInt8, whose rounding error is far below their own.
  static std::optional<PackedType> ExactTypeOf(GgmlType stored);

  // Fills a panel with up to 16 rows in the format of a file. ExactTypeOf(stored) must be this
  // matrix's type. Each element of `rows` points to the bytes of a row.
  void SetStoredPanel(int64_t panel, GgmlType stored, absl::Span<const std::byte* const> rows);
  // Fills a panel with up to 16 rows of floats, [columns] each. Quantized types round to the
  // nearest.
  void SetPanel(int64_t panel, absl::Span<const float* const> rows);

  // Writes row `row` to `out`, [columns], dequantized.
  void GetRow(int64_t row, float* out) const;

  PackedType type() const { return type_; }
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  int64_t panels() const { return (rows_ + kPanelRows - 1) / kPanelRows; }
  int64_t groups() const { return columns_ / kGroup; }
  int64_t Bytes() const { return BytesOf(type_, rows_, columns_); }

  const std::byte* PanelValues(int64_t panel) const {
    return values_.data() + panel * panel_value_bytes_;
  }
  // The scales are fp16.
  const uint16_t* PanelScales(int64_t panel) const {
    return reinterpret_cast<const uint16_t*>(scales_.data()) + panel * panel_scales_;
  }

 private:
  std::byte* MutableValues(int64_t panel) { return values_.data() + panel * panel_value_bytes_; }
  uint16_t* MutableScales(int64_t panel) {
    return reinterpret_cast<uint16_t*>(scales_.data()) + panel * panel_scales_;
  }
  void SetFloatPanel(int64_t panel, absl::Span<const float* const> rows);
  void SetQuantizedGroup(int64_t panel, int64_t row, int64_t group, const float* weights);

  PackedType type_;
  int64_t rows_;
  int64_t columns_;
  int64_t panel_value_bytes_;
  // The number of scales and minima of a panel.
  int64_t panel_scales_;
  AlignedBuffer values_;
  AlignedBuffer scales_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_PACKED_MATRIX_H_
