// The paged KV cache of the CPU's kernels.
#ifndef ASSAY_ENGINE_KERNELS_KV_PAGES_H_
#define ASSAY_ENGINE_KERNELS_KV_PAGES_H_

#include <cstddef>
#include <cstdint>

#include "engine/kernels/aligned_buffer.h"

namespace assay::engine {

// The number of tokens in a page, on every backend.
inline constexpr int64_t kPageTokens = 32;

// Returns the number of pages for so many tokens.
inline int64_t PagesFor(int64_t tokens) { return (tokens + kPageTokens - 1) / kPageTokens; }

enum class KvType {
  kFloat32,
  kFloat16,
  // Has fp32 scales, absmax / 127: one for each kKeyGroup dimensions of a token's key, because keys
  // have outlier dimensions, and one for a token's value.
  kInt8,
};

// The number of dimensions of a key that share a scale.
inline constexpr int64_t kKeyGroup = 32;
// The number of bytes of a key that lie together: the operand of an 8-bit dot product.
inline constexpr int64_t kKvQuad = 4;

// The numbers of groups and quads of a key; the last one may be incomplete.
inline int64_t KeyGroups(int64_t head_dim) { return (head_dim + kKeyGroup - 1) / kKeyGroup; }
inline int64_t KeyQuads(int64_t head_dim) { return (head_dim + kKvQuad - 1) / kKvQuad; }

// The memory of a KV cache. Each page holds the keys and values of 32 consecutive tokens in every
// layer. For each layer and head of a page it has
// - float types: keys [head_dim, 32 tokens], then values [32 tokens, padded_dim];
// - kInt8: keys [quads of head_dim, 32 tokens, 4], padded with zeros, values [16, padded_dim,
// tokens
//   t and t + 16], then the fp32 scales of keys [groups of head_dim, 32 tokens] and of values
//   [32 tokens].
// In this layout neither product of attention sums across a register. Pages become resident as they
// are written. Threads may write different heads or different tokens at the same time.
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

  // Writes the key and the value of a token for one head, [head_dim] each. fp16 and int8 round to
  // the nearest. If an int8 key or value has an infinity or NaN, the whole key becomes NaN.
  void Write(int64_t layer, int64_t page, int64_t slot, int64_t kv_head, const float* key,
             const float* value);

  const std::byte* Keys(int64_t layer, int64_t page, int64_t kv_head) const {
    return memory_.data() + Offset(layer, page, kv_head);
  }
  const std::byte* Values(int64_t layer, int64_t page, int64_t kv_head) const {
    return Keys(layer, page, kv_head) + key_bytes_;
  }

  // The bytes of one page and head: keys, values and scales.
  int64_t head_bytes() const { return head_bytes_; }

  // The scales of kInt8 pages, [groups, 32] and [32].
  const float* KeyScales(int64_t layer, int64_t page, int64_t kv_head) const {
    return reinterpret_cast<const float*>(Keys(layer, page, kv_head) + scales_offset_);
  }
  const float* ValueScales(int64_t layer, int64_t page, int64_t kv_head) const {
    return KeyScales(layer, page, kv_head) + key_groups() * kPageTokens;
  }

  const Shape& shape() const { return shape_; }
  // head_dim rounded up to whole registers of the widest kind.
  int64_t padded_dim() const { return padded_dim_; }
  int64_t key_groups() const { return KeyGroups(shape_.head_dim); }
  int64_t key_quads() const { return KeyQuads(shape_.head_dim); }
  int64_t pages() const { return pages_; }
  int64_t Bytes() const { return static_cast<int64_t>(memory_.size()); }

 private:
  void WriteInt8(int64_t slot, const float* key, const float* value, std::byte* head);

  size_t Offset(int64_t layer, int64_t page, int64_t kv_head) const {
    return static_cast<size_t>(((page * shape_.layers + layer) * shape_.kv_heads + kv_head) *
                               head_bytes_);
  }

  Shape shape_;
  int64_t padded_dim_;
  int64_t key_bytes_;
  // The offset of the first scale from the keys.
  int64_t scales_offset_;
  // The bytes of keys, values and scales.
  int64_t head_bytes_;
  int64_t pages_;
  AlignedBuffer memory_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_KV_PAGES_H_
