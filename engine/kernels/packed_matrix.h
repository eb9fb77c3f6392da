// A weight matrix as the CPU's kernels read it.
#ifndef ASSAY_ENGINE_KERNELS_PACKED_MATRIX_H_
#define ASSAY_ENGINE_KERNELS_PACKED_MATRIX_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "engine/formats/stored_tensor.h"
#include "engine/kernels/aligned_buffer.h"

namespace assay::engine {

// How the weights lie in memory. The quantized ones have a scale, fp16, for each group of 32
// weights of a row: w = scale * (code - zero), or scale * code + minimum.
enum class PackedType {
  kFloat32,
  kFloat16,
  kBFloat16,
  // Zero 128, codes 0 to 255.
  kInt8,
  // Zero 8, codes 0 to 15.
  kInt4,
  // Codes 0 to 15, a minimum, fp16, for each group.
  kInt4Affine,
};

inline constexpr int64_t kPanelRows = 16;
inline constexpr int64_t kGroup = 32;
// Bytes of four consecutive weights of the rows of a panel, which is what an 8-bit dot product
// takes.
inline constexpr int64_t kQuad = 4;

bool IsQuantized(PackedType type);

// A matrix [rows, columns], stored by panels of 16 rows, so that a vector register holds one column
// (four of them, 8 bits each) of many rows and a product needs no sums across a register. The last
// panel is filled up with zeros.
//
// A panel's values, float types: [columns, 16]. kInt8: [groups, 8 quads, 16 rows, 4]. 4 bits:
// [groups, 4, 16 rows, 4 bytes], byte b of quad q has column 4q + b of the group in its low half,
// column 16 + 4q + b in its high half. Its scales: [groups, 16]; kInt4Affine: [groups, scales and
// minima, 16].
//
// Filled by several threads, each its own panels; then immutable.
class PackedMatrix {
 public:
  // Zeros, in memory of its own or of `arena`. The quantized types need whole groups: see Suits().
  PackedMatrix(PackedType type, int64_t rows, int64_t columns, BufferArena* arena = nullptr);

  static bool Suits(PackedType type, int64_t columns);
  static int64_t BytesOf(PackedType type, int64_t rows, int64_t columns);
  // The type that holds a stored one without loss, if there is one. A stored type of other kind is
  // dequantized and packed with kInt8, whose error is far below its own.
  static std::optional<PackedType> ExactTypeOf(GgmlType stored);

  // Fills panel `panel` with up to 16 rows as they lie in a file, of a type whose ExactTypeOf() is
  // this matrix's; each row's bytes begin at a pointer of `rows`.
  void SetStoredPanel(int64_t panel, GgmlType stored, absl::Span<const std::byte* const> rows);
  // Fills it with up to 16 rows [columns], each; quantized types round to the nearest.
  void SetPanel(int64_t panel, absl::Span<const float* const> rows);

  // Writes row `row` to `out`, [columns].
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
  // fp16.
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
  // Scales and minima.
  int64_t panel_scales_;
  AlignedBuffer values_;
  AlignedBuffer scales_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_PACKED_MATRIX_H_
