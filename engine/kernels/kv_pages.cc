// Keys and values in pages.
#include "engine/kernels/kv_pages.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/kernels/row_ops.h"

namespace assay::engine {
namespace {

constexpr int64_t kWidestRegister = 16;
// Elements that are rounded at once, of keys and values.
constexpr int64_t kStaged = 256;

int64_t PaddedDim(int64_t head_dim) {
  return (head_dim + kWidestRegister - 1) / kWidestRegister * kWidestRegister;
}

int64_t ElementBytes(KvType type) {
  return type == KvType::kFloat32 ? sizeof(float) : sizeof(uint16_t);
}

// A key in the columns of its page, a value in its row.
template <typename Element>
void PutToken(const Element* key, const Element* value, int64_t head_dim, std::byte* keys,
              std::byte* row) {
  auto* to = reinterpret_cast<Element*>(keys);
  for (int64_t i = 0; i < head_dim; ++i) to[i * kPageTokens] = key[i];
  std::memcpy(row, value, static_cast<size_t>(head_dim) * sizeof(Element));
}

}  // namespace

KvPages::KvPages(const Shape& shape, int64_t pages)
    : shape_(shape),
      padded_dim_(PaddedDim(shape.head_dim)),
      key_bytes_(shape.head_dim * kPageTokens * ElementBytes(shape.type)),
      head_bytes_(key_bytes_ + padded_dim_ * kPageTokens * ElementBytes(shape.type)),
      pages_(pages),
      memory_(static_cast<size_t>(pages * BytesPerPage(shape))) {}

int64_t KvPages::BytesPerPage(const Shape& shape) {
  return shape.layers * shape.kv_heads * (shape.head_dim + PaddedDim(shape.head_dim)) *
         kPageTokens * ElementBytes(shape.type);
}

void KvPages::Write(int64_t layer, int64_t page, int64_t slot, int64_t kv_head, const float* key,
                    const float* value) {
  const int64_t element = ElementBytes(shape_.type);
  std::byte* keys = memory_.data() + Offset(layer, page, kv_head);
  std::byte* row = keys + key_bytes_ + slot * padded_dim_ * element;
  keys += slot * element;
  const int64_t dim = shape_.head_dim;
  if (shape_.type == KvType::kFloat32) return PutToken(key, value, dim, keys, row);
  std::array<uint16_t, kStaged> halves;
  for (int64_t i = 0; i < dim; i += kStaged / 2) {
    const int64_t count = std::min(dim - i, kStaged / 2);
    HalvesOfRow(key + i, count, halves.data());
    HalvesOfRow(value + i, count, halves.data() + kStaged / 2);
    PutToken(halves.data(), halves.data() + kStaged / 2, count, keys + i * kPageTokens * element,
             row + i * element);
  }
}

}  // namespace assay::engine
