// Attention over a paged KV cache on the CPU.
#include "engine/kernels/paged_attention.h"

#include <cstddef>
#include <cstdint>

#ifdef ASSAY_ARM_DOT_PRODUCTS
#include "engine/kernels/arm_dot_products.h"
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/paged_attention.cc"
#include "hwy/foreach_target.h"
// These must follow foreach_target.h.
#include "engine/kernels/float_attention-inl.h"
#include "engine/kernels/int8_attention-inl.h"
#include "engine/kernels/kernel_namespace-inl.h"
#include "hwy/highway.h"

ASSAY_BEFORE_KERNELS();
namespace assay::engine::HWY_NAMESPACE {
namespace {

void Attend(const KvPages& cache, const AttentionTask& task, AttentionScratch& scratch) {
  switch (cache.shape().type) {
    case KvType::kFloat32:
      return FloatAttention<KvType::kFloat32>(cache, task, scratch).Run();
    case KvType::kFloat16:
      return FloatAttention<KvType::kFloat16>(cache, task, scratch).Run();
    case KvType::kInt8:
      return AttendInt8(cache, task, scratch);
  }
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace assay::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace assay::engine {

HWY_EXPORT(Attend);

AttentionScratch::AttentionScratch(int64_t max_queries, int64_t head_dim) {
  const auto floats = [](int64_t count) { return AlignedArray<float>(static_cast<size_t>(count)); };
  const int64_t groups = KeyGroups(head_dim);
  // Rounded up to whole registers.
  const int64_t padded = head_dim + kPageTokens;
  sums_ = floats(max_queries * padded);
  maxima_ = floats(max_queries);
  totals_ = floats(max_queries * kTotals);
  queries_ = floats(max_queries * head_dim);
  weights_ = floats(max_queries * kPageTokens);
  keys_ = floats(head_dim * kPageTokens);
  values_ = floats(padded * kPageTokens);
  codes_ = AlignedArray<int8_t>(static_cast<size_t>(max_queries * KeyQuads(head_dim) * kKvQuad));
  query_scales_ = floats(max_queries * groups);
  bias_corrections_ = AlignedArray<int32_t>(static_cast<size_t>(max_queries * groups));
  weight_pairs_ = AlignedArray<int32_t>(static_cast<size_t>(max_queries * kPageTokens / 2));
  weight_units_ = floats(max_queries);
  wide_values_ = AlignedArray<int16_t>(static_cast<size_t>(padded * kPageTokens));
}

void AttendPages(const KvPages& cache, const AttentionTask& task, AttentionScratch& scratch) {
#ifdef ASSAY_ARM_DOT_PRODUCTS
  if (cache.shape().type == KvType::kInt8 && HasDotProducts()) {
    return AttendByDotProducts(cache, task, scratch);
  }
#endif
  HWY_DYNAMIC_DISPATCH(Attend)(cache, task, scratch);
}

}  // namespace assay::engine
#endif  // HWY_ONCE
