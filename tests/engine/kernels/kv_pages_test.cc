#include "engine/kernels/kv_pages.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace assay::engine {
namespace {

TEST(KvPagesTest, Int8IsAboutHalfOfFloat16) {
  const auto bytes = [](KvType type, int64_t head_dim) {
    return KvPages::BytesPerPage({.type = type, .layers = 3, .kv_heads = 2, .head_dim = head_dim});
  };
  constexpr int64_t kHeads = 3 * 2 * kPageTokens;
  EXPECT_EQ(bytes(KvType::kFloat16, 64), kHeads * 2 * 64 * 2);
  // A key has two scales, a value one.
  EXPECT_EQ(bytes(KvType::kInt8, 64), kHeads * (2 * 64 + 3 * 4));
  // Keys are padded to whole quads.
  EXPECT_EQ(bytes(KvType::kInt8, 37), kHeads * (40 + 48 + 3 * 4));
  EXPECT_EQ(bytes(KvType::kInt8, 128), kHeads * (2 * 128 + 5 * 4));
}

// An outlier in one group of a key, 100 times the other dimensions as in real keys, does not reduce
// the precision of the other groups.
TEST(KvPagesTest, AnOutlierAffectsOnlyItsOwnGroup) {
  constexpr int64_t kDim = 2 * kKeyGroup;
  KvPages pages({.type = KvType::kInt8, .layers = 1, .kv_heads = 1, .head_dim = kDim}, 1);
  std::vector<float> key(kDim, 0.01F);
  key[0] = 100.0F;
  pages.Write(0, 0, 5, 0, key.data(), key.data());
  const float* scales = pages.KeyScales(0, 0, 0);
  EXPECT_FLOAT_EQ(scales[5], 100.0F / 127.0F);
  EXPECT_FLOAT_EQ(scales[kPageTokens + 5], 0.01F / 127.0F);
  EXPECT_FLOAT_EQ(pages.ValueScales(0, 0, 0)[5], 100.0F / 127.0F);
  const auto* bytes = reinterpret_cast<const int8_t*>(pages.Keys(0, 0, 0));
  const auto code = [&](int64_t dim) {
    return bytes[(dim / kKvQuad * kPageTokens + 5) * kKvQuad + dim % kKvQuad];
  };
  EXPECT_EQ(code(0), 127);
  EXPECT_EQ(code(1), 0);
  EXPECT_EQ(code(kKeyGroup), 127);
}

}  // namespace
}  // namespace assay::engine
