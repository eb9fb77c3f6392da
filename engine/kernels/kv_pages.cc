// The paged KV cache of the CPU's kernels.
#include "engine/kernels/kv_pages.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/container/inlined_vector.h"
#include "engine/kernels/row_ops.h"

namespace assay::engine {
namespace {

constexpr int64_t kWidestRegister = 16;
// The number of elements of key and value that are rounded at once.
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

// The bytes of the keys of one head in a page.
int64_t KeyBytes(const KvPages::Shape& shape) {
  const int64_t dim =
      shape.type == KvType::kInt8 ? KeyQuads(shape.head_dim) * kKvQuad : shape.head_dim;
  return dim * kPageTokens * ElementBytes(shape.type);
}

int64_t ElementsBytes(const KvPages::Shape& shape) {
  return KeyBytes(shape) + PaddedDim(shape.head_dim) * kPageTokens * ElementBytes(shape.type);
}

int64_t ScaleBytes(const KvPages::Shape& shape) {
  if (shape.type != KvType::kInt8) return 0;
  const int64_t scales = KeyGroups(shape.head_dim) + 1;
  return scales * kPageTokens * static_cast<int64_t>(sizeof(float));
}

// Writes a key to a column of its page and a value to a row.
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
      key_bytes_(KeyBytes(shape)),
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
  constexpr int64_t kHalf = kPageTokens / 2;
  auto* scales = reinterpret_cast<float*>(head + scales_offset_);
  std::byte* quads = head + slot * kKvQuad;
  for (int64_t group = 0; group < key_groups(); ++group) {
    const int64_t first = group * kKeyGroup;
    const int64_t count = std::min(shape_.head_dim - first, kKeyGroup);
    std::array<int8_t, kKeyGroup> bytes = {};
    scales[group * kPageTokens + slot] = BytesOfRow(key + first, count, bytes.data());
    for (int64_t i = 0; i < count; i += kKvQuad) {
      std::memcpy(quads + (first + i) * kPageTokens, bytes.data() + i, kKvQuad);
    }
  }
  absl::InlinedVector<int8_t, kStaged> bytes(static_cast<size_t>(shape_.head_dim));
  const float scale = BytesOfRow(value, shape_.head_dim, bytes.data());
  auto* row =
      reinterpret_cast<int8_t*>(head + key_bytes_) + slot % kHalf * padded_dim_ * 2 + slot / kHalf;
  for (int64_t i = 0; i < shape_.head_dim; ++i) row[2 * i] = bytes[static_cast<size_t>(i)];
  scales[key_groups() * kPageTokens + slot] = scale;
  // A NaN would be lost in the integer products with values. A scale of NaN gives the token a score
  // of NaN, which is not lost.
  if (std::isnan(scale)) scales[slot] = scale;
}

}  // namespace assay::engine
