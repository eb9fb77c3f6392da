// Attention over pages of keys and values, on the CPU.
#ifndef ASSAY_ENGINE_KERNELS_PAGED_ATTENTION_H_
#define ASSAY_ENGINE_KERNELS_PAGED_ATTENTION_H_

#include <cstdint>

#include "absl/types/span.h"
#include "engine/kernels/kv_pages.h"
#include "engine/kernels/matrix_product.h"

namespace assay::engine {

// The queries of some consecutive tokens, of the heads that share one head of keys and values.
struct AttentionTask {
  int64_t layer = 0;
  int64_t kv_head = 0;
  // Query heads that share it.
  int64_t group = 1;
  // Of the sequence: page i has the tokens [32 i, 32 i + 32).
  absl::Span<const int32_t> pages;
  // The first query's; it sees the keys up to its own.
  int64_t position = 0;
  int64_t count = 0;
  // A query sees this many positions, its own included; 0: all.
  int64_t window = 0;
  // Scores are multiplied by it, then capped: cap * tanh(score / cap); 0: not.
  float scale = 1.0F;
  float softcap = 0.0F;
  // [group] each, added to the scores: slope * (key's position - query's) (arXiv:2108.12409).
  const float* slopes = nullptr;
  // [group, bias_stride]: added to the scores by the key's position.
  const float* biases = nullptr;
  int64_t bias_stride = 0;
  // [count, group * head_dim], from the first of these heads on; `out` alike.
  FloatRows queries;
  FloatRows out;
};

// Buffers of one thread.
class AttentionScratch {
 public:
  // max_queries: the largest count * group.
  AttentionScratch(int64_t max_queries, int64_t head_dim);

  // [max_queries, padded_dim].
  float* sums() { return sums_.data(); }
  // [max_queries]: the largest score so far.
  float* maxima() { return maxima_.data(); }
  // [max_queries, kTotals]: sums of the shares, by the lanes of a register.
  static constexpr int64_t kTotals = 16;
  float* totals() { return totals_.data(); }

  // For pages of floats: queries, scaled, [max_queries, head_dim]; shares [max_queries, 32].
  float* queries() { return queries_.data(); }
  float* shares() { return shares_.data(); }
  // A page in fp32: [head_dim, 32], [32, padded_dim].
  float* keys() { return keys_.data(); }
  float* values() { return values_.data(); }

  // For pages of int8: queries, scaled, [max_queries, quads of head_dim, 4], their scales and their
  // dot products with keys of zero, [max_queries, groups of head_dim].
  int8_t* codes() { return codes_.data(); }
  float* query_scales() { return query_scales_.data(); }
  int32_t* empty_dots() { return empty_dots_.data(); }
  // Shares of the places t and t + 16 in a half each, [max_queries, 16], and what they count in.
  int32_t* pairs() { return pairs_.data(); }
  float* inverses() { return inverses_.data(); }
  // A page's values, [16, padded_dim, 2].
  int16_t* wide_values() { return wide_values_.data(); }

 private:
  AlignedArray<float> sums_;
  AlignedArray<float> maxima_;
  AlignedArray<float> totals_;
  AlignedArray<float> queries_;
  AlignedArray<float> shares_;
  AlignedArray<float> keys_;
  AlignedArray<float> values_;
  AlignedArray<int8_t> codes_;
  AlignedArray<float> query_scales_;
  AlignedArray<int32_t> empty_dots_;
  AlignedArray<int32_t> pairs_;
  AlignedArray<float> inverses_;
  AlignedArray<int16_t> wide_values_;
};

// softmax(queries keys^T) values, page by page with a running maximum (arXiv:2205.14135), in fp32;
// over pages of int8 with queries in 8 bits as their keys are, and shares in 15. Single-threaded. A
// query's result depends neither on the other queries of the task nor on how the pages lie in
// memory.
void AttendPages(const KvPages& cache, const AttentionTask& task, AttentionScratch& scratch);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_PAGED_ATTENTION_H_
