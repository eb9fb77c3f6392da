// Keys and values in pages.
#ifndef ASSAY_ENGINE_KERNELS_KV_PAGES_H_
#define ASSAY_ENGINE_KERNELS_KV_PAGES_H_

#include <cstddef>
#include <cstdint>

#include "engine/kernels/aligned_buffer.h"

namespace assay::engine {

// Tokens of a page, of any backend.
inline constexpr int64_t kPageTokens = 32;

// Pages that hold so many tokens.
inline int64_t PagesFor(int64_t tokens) { return (tokens + kPageTokens - 1) / kPageTokens; }

enum class KvType { kFloat32, kFloat16 };

// Memory of `pages` pages, each the keys and values of 32 consecutive tokens in every layer. For
// each layer and head of a page: keys [head_dim, 32 tokens], then values [32 tokens, padded_dim],
// so that neither product of attention sums across a register. Pages become resident as they are
// written. Threads may write different tokens or heads at the same time.
class KvPages {
 public:
  struct Shape {
    KvType type = KvType::kFloat32;
    int64_t layers = 0;
    int64_t kv_heads = 0;
    int64_t head_dim = 0;
  };

  KvPages(const Shape& shape, int64_t pages);

  static int64_t BytesPerPage(const Shape& shape);

  // Writes a token's key and value, [head_dim] each, of one head; fp16 rounds to the nearest.
  void Write(int64_t layer, int64_t page, int64_t slot, int64_t kv_head, const float* key,
             const float* value);

  const std::byte* Keys(int64_t layer, int64_t page, int64_t kv_head) const {
    return memory_.data() + Offset(layer, page, kv_head);
  }
  const std::byte* Values(int64_t layer, int64_t page, int64_t kv_head) const {
    return Keys(layer, page, kv_head) + key_bytes_;
  }

  const Shape& shape() const { return shape_; }
  // head_dim up to whole registers of the widest kind.
  int64_t padded_dim() const { return padded_dim_; }
  int64_t pages() const { return pages_; }
  int64_t Bytes() const { return static_cast<int64_t>(memory_.size()); }

 private:
  size_t Offset(int64_t layer, int64_t page, int64_t kv_head) const {
    return static_cast<size_t>(((page * shape_.layers + layer) * shape_.kv_heads + kv_head) *
                               head_bytes_);
  }

  Shape shape_;
  int64_t padded_dim_;
  int64_t key_bytes_;
  // Keys and values.
  int64_t head_bytes_;
  int64_t pages_;
  AlignedBuffer memory_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_KV_PAGES_H_
