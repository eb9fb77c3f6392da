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
  switch (type) {
    case KvType::kFloat32:
      return sizeof(float);
    case KvType::kFloat16:
      return sizeof(uint16_t);
    case KvType::kInt8:
      return sizeof(int8_t);
  }
  return sizeof(float);
}

// Keys and values of a head.
int64_t ElementsBytes(const KvPages::Shape& shape) {
  return (shape.head_dim + PaddedDim(shape.head_dim)) * kPageTokens * ElementBytes(shape.type);
}

int64_t ScaleBytes(const KvPages::Shape& shape) {
  if (shape.type != KvType::kInt8) return 0;
  const int64_t scales = (shape.head_dim + kKeyGroup - 1) / kKeyGroup + 1;
  return scales * kPageTokens * static_cast<int64_t>(sizeof(float));
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
      scales_offset_(ElementsBytes(shape)),
      head_bytes_(scales_offset_ + ScaleBytes(shape)),
      pages_(pages),
      memory_(static_cast<size_t>(pages * BytesPerPage(shape))) {}

int64_t KvPages::BytesPerPage(const Shape& shape) {
  return shape.layers * shape.kv_heads * (ElementsBytes(shape) + ScaleBytes(shape));
}

void KvPages::Write(int64_t layer, int64_t page, int64_t slot, int64_t kv_head, const float* key,
                    const float* value) {
  const int64_t element = ElementBytes(shape_.type);
  std::byte* keys = memory_.data() + Offset(layer, page, kv_head);
  if (shape_.type == KvType::kInt8) return WriteInt8(slot, key, value, keys);
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

void KvPages::WriteInt8(int64_t slot, const float* key, const float* value, std::byte* head) {
  auto* scales = reinterpret_cast<float*>(head + scales_offset_);
  auto* column = reinterpret_cast<int8_t*>(head) + slot;
  std::array<int8_t, kKeyGroup> bytes;
  for (int64_t group = 0; group < key_groups(); ++group) {
    const int64_t first = group * kKeyGroup;
    const int64_t count = std::min(shape_.head_dim - first, kKeyGroup);
    scales[group * kPageTokens + slot] = BytesOfRow(key + first, count, bytes.data());
    for (int64_t i = 0; i < count; ++i) {
      column[(first + i) * kPageTokens] = bytes[static_cast<size_t>(i)];
    }
  }
  auto* row = reinterpret_cast<int8_t*>(head + key_bytes_) + slot * padded_dim_;
  scales[key_groups() * kPageTokens + slot] = BytesOfRow(value, shape_.head_dim, row);
}

}  // namespace assay::engine
