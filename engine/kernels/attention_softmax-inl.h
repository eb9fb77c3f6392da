// The softmax of attention over pages, with a running maximum (arXiv:2205.14135), for the
// instruction set that is being compiled. Included once for each target (Highway's
// foreach_target.h).
#if defined(ASSAY_ENGINE_KERNELS_ATTENTION_SOFTMAX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ASSAY_ENGINE_KERNELS_ATTENTION_SOFTMAX_INL_H_
#undef ASSAY_ENGINE_KERNELS_ATTENTION_SOFTMAX_INL_H_
#else
#define ASSAY_ENGINE_KERNELS_ATTENTION_SOFTMAX_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "engine/kernels/kernel_namespace-inl.h"
#include "engine/kernels/kv_pages.h"
#include "engine/kernels/paged_attention.h"
#include "engine/kernels/row_math-inl.h"
#include "hwy/highway.h"

ASSAY_BEFORE_KERNELS();
namespace assay::engine::HWY_NAMESPACE {
// A target may be compiled twice with different instructions: neither may link to the other's code.
// NOLINTNEXTLINE(google-build-namespaces)
namespace {

constexpr int64_t kRowLanes = static_cast<int64_t>(HWY_MIN(HWY_LANES(float), 16));
// The number of registers for the tokens of a page.
constexpr int64_t kTokenVecs = kPageTokens / kRowLanes;
constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

// The token of a query and its head within the group.
struct QueryIndex {
  int64_t token;
  int64_t head;
};

// Calls tile.Run<n>(i) for all i of [0, count) by tiles of n, the largest first.
template <int kMax, typename Tile>
HWY_INLINE void ForTiles(int64_t count, const Tile& tile) {
  int64_t i = 0;
  for (; i + kMax <= count; i += kMax) tile.template Run<kMax>(i);
  for (; i + 4 <= count; i += 4) tile.template Run<4>(i);
  if (count - i == 3) {
    tile.template Run<3>(i);
    return;
  }
  for (; i + 2 <= count; i += 2) tile.template Run<2>(i);
  for (; i < count; ++i) tile.template Run<1>(i);
}

// Prefetches the pages that a task will read into the second-level cache. The pages of one head lie
// far apart, where the processor's own prefetcher does not look. The first-level cache has too few
// buffers for all loads in flight.
class PagePrefetcher {
 public:
  PagePrefetcher(const KvPages& cache, const AttentionTask& task) : cache_(cache), task_(task) {}

  void Begin() {
    const int64_t first = FirstPage(task_);
    for (int64_t page = first; page < first + kDistance; ++page) {
      SetPage(page - kDistance);
      Fetch(0, 1);
    }
  }
  // Sets the page that is being read. Fetch() prefetches a page some pages after it.
  HWY_INLINE void SetPage(int64_t page) {
    const int64_t ahead = page + kDistance;
    next_ = ahead * kPageTokens < task_.Length()
                ? cache_.Keys(task_.layer, task_.pages[static_cast<size_t>(ahead)], task_.kv_head)
                : nullptr;
  }
  // Prefetches part `step` of `steps`.
  HWY_INLINE void Fetch(int64_t step, int64_t steps) const {
    if (next_ == nullptr) return;
    constexpr int64_t kLine = 64;
    const int64_t bytes = (cache_.head_bytes() + steps * kLine - 1) / (steps * kLine) * kLine;
    for (int64_t i = 0; i < bytes; i += kLine) {
      __builtin_prefetch(next_ + step * bytes + i, /*rw=*/0, /*locality=*/2);
    }
  }

  // Returns the first page that the first query attends to.
  static int64_t FirstPage(const AttentionTask& task) {
    if (task.window == 0) return 0;
    return std::max<int64_t>(0, task.position - task.window + 1) / kPageTokens;
  }

 private:
  static constexpr int64_t kDistance = 2;

  const KvPages& cache_;
  const AttentionTask& task_;
  const std::byte* next_ = nullptr;
};

// For all queries of a task: the largest score so far, the sum of the softmax weights, and the sum
// of the weighted values.
class RunningSoftmax {
 public:
  RunningSoftmax(const KvPages& cache, const AttentionTask& task, AttentionScratch& scratch)
      : task_(task),
        scratch_(scratch),
        dim_(cache.shape().head_dim),
        padded_(cache.padded_dim()),
        count_(task.count * task.group) {}

  int64_t count() const { return count_; }
  QueryIndex IndexOf(int64_t query) const {
    return {.token = query / task_.group, .head = query % task_.group};
  }
  // Returns a query, [head_dim], before scaling.
  const float* Query(int64_t query) const {
    const QueryIndex index = IndexOf(query);
    return task_.queries.row(index.token) + index.head * dim_;
  }
  // Returns the last slot, of a page whose first position is `start`, that a query attends to.
  int64_t LastVisible(int64_t query, int64_t start) const {
    return task_.LastKey(query / task_.group) - start;
  }

  void Begin() {
    for (int64_t i = 0; i < count_; ++i) scratch_.maxima()[i] = kMinusInfinity;
    std::fill_n(scratch_.sums(), count_ * padded_, 0.0F);
    std::fill_n(scratch_.totals(), count_ * AttentionScratch::kTotals, 0.0F);
  }

  // Calls page(index, tokens) for the pages that the queries attend to.
  template <typename Page>
  HWY_INLINE void ForPages(const Page& page) const {
    const int64_t length = task_.Length();
    for (int64_t i = PagePrefetcher::FirstPage(task_); i * kPageTokens < length; ++i) {
      page(i, std::min(kPageTokens, length - i * kPageTokens));
    }
  }

  // Converts the scores of the queries [query, query + kQueries) for a page, whose first position
  // is `start`, to softmax weights relative to the query's largest score so far, and adds them to
  // its total. Earlier sums are rescaled if that score grows. Each step is done for all queries
  // before the next one, because it waits for the previous step of the same query.
  template <int kQueries>
  HWY_INLINE void ScoresToWeights(RowVec (&scores)[kQueries][kTokenVecs], int64_t query,
                                  int64_t start) {
    const RowTag d;
    RowVec max[kQueries];
    for (int q = 0; q < kQueries; ++q) {
      const QueryIndex index = IndexOf(query + q);
      const int64_t position = task_.position + index.token;
      AdjustScores(scores[q], index, position, start);
      MaskScores(scores[q], task_.LastKey(index.token), start);
      max[q] = scores[q][0];
      for (int64_t v = 1; v < kTokenVecs; ++v) max[q] = hn::Max(max[q], scores[q][v]);
    }
    for (int q = 0; q < kQueries; ++q) max[q] = hn::MaxOfLanes(d, max[q]);
    for (int q = 0; q < kQueries; ++q) {
      float& old = scratch_.maxima()[query + q];
      const float largest = std::max(old, hn::GetLane(max[q]));
      if (largest > old) Rescale(query + q, old - largest);
      old = largest;
      // A query without any visible key has only weights of zero.
      max[q] = hn::Set(d, largest == kMinusInfinity ? 0.0F : largest);
    }
    for (int q = 0; q < kQueries; ++q) {
      for (RowVec& score : scores[q]) score = ExpOfNegative(hn::Sub(score, max[q]));
    }
    for (int q = 0; q < kQueries; ++q) {
      float* totals = scratch_.totals() + (query + q) * AttentionScratch::kTotals;
      RowVec total = hn::LoadU(d, totals);
      for (const RowVec& weight : scores[q]) total = hn::Add(total, weight);
      hn::StoreU(total, d, totals);
    }
  }

  void End() const {
    const RowTag d;
    for (int64_t i = 0; i < count_; ++i) {
      const QueryIndex index = IndexOf(i);
      float* to = task_.out.row(index.token) + index.head * dim_;
      const float* from = scratch_.sums() + i * padded_;
      const RowVec totals = hn::LoadU(d, scratch_.totals() + i * AttentionScratch::kTotals);
      const float inverse = 1.0F / hn::GetLane(hn::SumOfLanes(d, totals));
      const RowVec factor = hn::Set(d, inverse);
      int64_t k = 0;
      for (; k + kRowLanes <= dim_; k += kRowLanes) {
        hn::StoreU(hn::Mul(hn::LoadU(d, from + k), factor), d, to + k);
      }
      for (; k < dim_; ++k) to[k] = from[k] * inverse;
    }
  }

 private:
  // Applies the cap and adds the position biases.
  HWY_INLINE void AdjustScores(RowVec (&scores)[kTokenVecs], const QueryIndex& index,
                               int64_t position, int64_t start) {
    const RowTag d;
    for (int64_t v = 0; v < kTokenVecs; ++v) {
      if (task_.softcap != 0.0F) {
        const RowVec cap = hn::Set(d, task_.softcap);
        scores[v] = hn::Mul(cap, TanhOf(hn::Div(scores[v], cap)));
      }
      if (task_.slopes != nullptr) {
        const auto distance = static_cast<float>(start + v * kRowLanes - position);
        scores[v] =
            hn::MulAdd(hn::Set(d, task_.slopes[index.head]), hn::Iota(d, distance), scores[v]);
      }
      if (task_.biases != nullptr) {
        const float* bias = task_.biases + index.head * task_.bias_stride + start + v * kRowLanes;
        scores[v] = hn::Add(scores[v], hn::LoadU(d, bias));
      }
    }
  }

  // Sets the scores of keys that the query does not attend to to minus infinity.
  HWY_INLINE void MaskScores(RowVec (&scores)[kTokenVecs], int64_t last_key, int64_t start) {
    const int64_t last = last_key - start;
    const int64_t first = task_.window == 0 ? 0 : last - task_.window + 1;
    if (last >= kPageTokens - 1 && first <= 0) return;
    const RowTag d;
    // Slots of a page are small integers, exact in fp32; distant positions count as just outside.
    const RowVec low = hn::Set(d, static_cast<float>(std::clamp<int64_t>(first, 0, kPageTokens)));
    const RowVec high = hn::Set(d, static_cast<float>(std::clamp<int64_t>(last, -1, kPageTokens)));
    const RowVec hidden = hn::Set(d, kMinusInfinity);
    for (int64_t v = 0; v < kTokenVecs; ++v) {
      const RowVec slot = hn::Iota(d, static_cast<float>(v * kRowLanes));
      const auto visible = hn::And(hn::Ge(slot, low), hn::Le(slot, high));
      scores[v] = hn::IfThenElse(visible, scores[v], hidden);
    }
  }

  // Multiplies the sums of a query by exp(exponent).
  HWY_INLINE void Rescale(int64_t query, float exponent) {
    const RowTag d;
    const RowVec f = ExpOfNegative(hn::Set(d, exponent));
    float* totals = scratch_.totals() + query * AttentionScratch::kTotals;
    float* sums = scratch_.sums() + query * padded_;
    hn::StoreU(hn::Mul(hn::LoadU(d, totals), f), d, totals);
    for (int64_t k = 0; k < padded_; k += kRowLanes) {
      hn::StoreU(hn::Mul(hn::LoadU(d, sums + k), f), d, sums + k);
    }
  }

  const AttentionTask& task_;
  AttentionScratch& scratch_;
  const int64_t dim_;
  const int64_t padded_;
  const int64_t count_;
};

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace assay::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ASSAY_ENGINE_KERNELS_ATTENTION_SOFTMAX_INL_H_
