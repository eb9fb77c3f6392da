// Keys and values in pages.
#include "engine/kernels/kv_pages.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/kernels/narrow_floats.h"

namespace assay::engine {
namespace {

constexpr int64_t kWidestRegister = 16;

int64_t PaddedDim(int64_t head_dim) {
  return (head_dim + kWidestRegister - 1) / kWidestRegister * kWidestRegister;
}

int64_t ElementBytes(KvType type) {
  return type == KvType::kFloat32 ? sizeof(float) : sizeof(uint16_t);
}

void Put(KvType type, float value, std::byte* base, int64_t index) {
  if (type == KvType::kFloat32) {
    std::memcpy(base + index * static_cast<int64_t>(sizeof(value)), &value, sizeof(value));
    return;
  }
  const uint16_t half = HalfFromFloat(value);
  std::memcpy(base + index * static_cast<int64_t>(sizeof(half)), &half, sizeof(half));
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
  std::byte* keys = memory_.data() + Offset(layer, page, kv_head);
  std::byte* values = keys + key_bytes_;
  for (int64_t i = 0; i < shape_.head_dim; ++i) {
    Put(shape_.type, key[i], keys, i * kPageTokens + slot);
    Put(shape_.type, value[i], values, slot * padded_dim_ + i);
  }
}

}  // namespace assay::engine
