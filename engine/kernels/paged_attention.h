// Attention over a paged KV cache on the CPU.
#ifndef ASSAY_ENGINE_KERNELS_PAGED_ATTENTION_H_
#define ASSAY_ENGINE_KERNELS_PAGED_ATTENTION_H_

#include <cstdint>

#include "absl/types/span.h"
#include "engine/kernels/kv_pages.h"
#include "engine/kernels/matrix_product.h"

namespace assay::engine {

// The queries of consecutive tokens for the query heads that share one KV head.
struct AttentionTask {
  int64_t layer = 0;
  int64_t kv_head = 0;
  // The number of query heads that share the KV head.
  int64_t group = 1;
  // The pages of the sequence: page i has the tokens [32 i, 32 i + 32).
  absl::Span<const int32_t> pages;
  // The position of the first query. A query attends to the keys up to its own position.
  int64_t position = 0;
  int64_t count = 0;
  // The number of keys that every query attends to, whatever its position (encoders); 0 = up to the
  // query's own position. Must not be set together with `window`.
  int64_t keys = 0;
  // The number of positions that a query attends to, its own included; 0 = all.
  int64_t window = 0;
  // Scores are multiplied by `scale`, then capped: cap * tanh(score / cap). A cap of 0 is no cap.
  float scale = 1.0F;
  float softcap = 0.0F;
  // ALiBi slopes, [group], or null: slope * (key's position - query's position) is added to the
  // scores (arXiv:2108.12409).
  const float* slopes = nullptr;
  // Biases [group, bias_stride], or null: added to the scores by the key's position.
  const float* biases = nullptr;
  int64_t bias_stride = 0;
  // [count, group * head_dim] each, beginning at the first of these heads.
  FloatRows queries;
  FloatRows out;

  // The number of keys that the queries attend to together.
  int64_t Length() const { return keys > 0 ? keys : position + count; }
  // The last key that a query of the task attends to.
  int64_t LastKey(int64_t query) const { return keys > 0 ? keys - 1 : position + query; }
};

// The buffers of one thread.
class AttentionScratch {
 public:
  // `max_queries` is the largest count * group of a task.
  AttentionScratch(int64_t max_queries, int64_t head_dim);

  // The sums of weighted values, [max_queries, padded_dim].
  float* sums() { return sums_.data(); }
  // The largest scores so far, [max_queries].
  float* maxima() { return maxima_.data(); }
  // The sums of the softmax weights by lane of a register, [max_queries, kTotals].
  static constexpr int64_t kTotals = 16;
  float* totals() { return totals_.data(); }

  // For float pages: scaled queries [max_queries, head_dim], softmax weights [max_queries, 32].
  float* queries() { return queries_.data(); }
  float* weights() { return weights_.data(); }
  // A page in fp32: keys [head_dim, 32], values [32, padded_dim].
  float* keys() { return keys_.data(); }
  float* values() { return values_.data(); }

  // For int8 pages: scaled queries [max_queries, quads of head_dim, 4], their scales and the
  // corrections for the bias of the keys' codes, [max_queries, groups of head_dim].
  int8_t* codes() { return codes_.data(); }
  float* query_scales() { return query_scales_.data(); }
  int32_t* bias_corrections() { return bias_corrections_.data(); }
  // 15-bit softmax weights of the slots t and t + 16, in one half of 32 bits each, [max_queries,
  // 16], and their unit, [max_queries].
  int32_t* weight_pairs() { return weight_pairs_.data(); }
  float* weight_units() { return weight_units_.data(); }
  // The values of a page in 16 bits, [16, padded_dim, 2].
  int16_t* wide_values() { return wide_values_.data(); }

 private:
  AlignedArray<float> sums_;
  AlignedArray<float> maxima_;
  AlignedArray<float> totals_;
  AlignedArray<float> queries_;
  AlignedArray<float> weights_;
  AlignedArray<float> keys_;
  AlignedArray<float> values_;
  AlignedArray<int8_t> codes_;
  AlignedArray<float> query_scales_;
  AlignedArray<int32_t> bias_corrections_;
  AlignedArray<int32_t> weight_pairs_;
  AlignedArray<float> weight_units_;
  AlignedArray<int16_t> wide_values_;
};

// Computes softmax(queries keys^T) values in fp32, page by page with a running maximum
// (arXiv:2205.14135). For int8 pages queries have 8 bits, as their keys have, and softmax
// weights 15. Single-threaded. The result of a query depends neither on the other queries of the
// task nor on the order of the pages in memory.
void AttendPages(const KvPages& cache, const AttentionTask& task, AttentionScratch& scratch);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_PAGED_ATTENTION_H_
