// Attention over pages of keys and values.
#include "engine/kernels/paged_attention.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/paged_attention.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "engine/kernels/row_math-inl.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace assay::engine::HWY_NAMESPACE {
namespace {

constexpr int64_t kLanes = static_cast<int64_t>(HWY_MIN(HWY_LANES(float), 16));
// Registers for a page's tokens and for columns of values, and queries that share a load of them:
// as the registers allow.
constexpr int64_t kTokenVecs = kPageTokens / kLanes;
constexpr int kScoreTile = kLanes == 16 ? 8 : kLanes == 8 || HWY_ARCH_ARM ? 2 : 1;
constexpr int64_t kDimVecs = 4;
constexpr int kMixTile = kLanes == 16 || HWY_ARCH_ARM ? 4 : 2;
// From so many queries on a page is expanded to fp32 once for all of them.
constexpr int64_t kExpandFrom = 8;
constexpr float kNothing = -std::numeric_limits<float>::infinity();

template <KvType kType>
HWY_INLINE RowVec LoadElements(const std::byte* base, int64_t index) {
  const RowTag d;
  if constexpr (kType == KvType::kFloat32) {
    return hn::LoadU(d, reinterpret_cast<const float*>(base) + index);
  } else if constexpr (kType == KvType::kInt8) {
    // Without its scale.
    const hn::Rebind<int8_t, RowTag> db;
    const hn::Rebind<int32_t, RowTag> di;
    return hn::ConvertTo(
        d, hn::PromoteTo(di, hn::LoadU(db, reinterpret_cast<const int8_t*>(base) + index)));
  } else {
    const hn::Rebind<hwy::float16_t, RowTag> dh;
    return hn::PromoteTo(d, hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(base) + index));
  }
}

// Where a query stands: its token and its head within the group.
struct Place {
  int64_t token;
  int64_t head;
};

template <KvType kType>
class PageWalk {
 public:
  PageWalk(const KvPages& cache, const AttentionTask& task, AttentionScratch& scratch)
      : cache_(cache),
        task_(task),
        scratch_(scratch),
        dim_(cache.shape().head_dim),
        padded_(cache.padded_dim()),
        count_(task.count * task.group) {}

  void Run() {
    Begin();
    const int64_t length = task_.position + task_.count;
    const int64_t first =
        task_.window == 0 ? 0 : std::max<int64_t>(0, task_.position - task_.window + 1);
    for (int64_t page = first / kPageTokens; page * kPageTokens < length; ++page) {
      const bool last = (page + 1) * kPageTokens >= length;
      next_ = last ? nullptr : KeysOf(page + 1);
      Page(page, std::min(kPageTokens, length - page * kPageTokens));
    }
    End();
  }

 private:
  Place PlaceOf(int64_t query) const {
    return {.token = query / task_.group, .head = query % task_.group};
  }

  // Elements stand for themselves times a scale, expanded ones too, so that a query's result is the
  // same either way.
  static constexpr bool kScaled = kType == KvType::kInt8;
  // Cache lines that a dimension of a page's keys and values takes.
  static constexpr int64_t kLine = 64;
  static constexpr int64_t kLinesOfDim = 2 * kPageTokens / kLine *
                                         (kType == KvType::kFloat32   ? 4
                                          : kType == KvType::kFloat16 ? 2
                                                                      : 1);

  void Begin() {
    for (int64_t i = 0; i < count_; ++i) {
      const Place place = PlaceOf(i);
      const float* from = task_.queries.row(place.token) + place.head * dim_;
      float* to = scratch_.queries() + i * dim_;
      for (int64_t k = 0; k < dim_; ++k) to[k] = from[k] * task_.scale;
      std::fill_n(scratch_.sums() + i * padded_, padded_, 0.0F);
      scratch_.maxima()[i] = kNothing;
      std::fill_n(scratch_.totals() + i * AttentionScratch::kTotals, AttentionScratch::kTotals,
                  0.0F);
    }
  }

  const std::byte* KeysOf(int64_t page) const {
    return cache_.Keys(task_.layer, task_.pages[static_cast<size_t>(page)], task_.kv_head);
  }

  void Page(int64_t page, int64_t tokens) {
    const int64_t place = task_.pages[static_cast<size_t>(page)];
    const std::byte* keys = KeysOf(page);
    const std::byte* values = cache_.Values(task_.layer, place, task_.kv_head);
    if constexpr (kScaled) {
      key_scales_ = cache_.KeyScales(task_.layer, place, task_.kv_head);
      value_scales_ = cache_.ValueScales(task_.layer, place, task_.kv_head);
    }
    if (kType != KvType::kFloat32 && count_ >= kExpandFrom) {
      const std::byte* all_keys = Expand(keys, dim_ * kPageTokens, scratch_.keys());
      const std::byte* all_values = Expand(values, tokens * padded_, scratch_.values());
      PageOf<KvType::kFloat32>(all_keys, all_values, page * kPageTokens, tokens);
    } else {
      PageOf<kType>(keys, values, page * kPageTokens, tokens);
    }
  }

  static const std::byte* Expand(const std::byte* from, int64_t count, float* to) {
    const RowTag d;
    for (int64_t i = 0; i < count; i += kLanes) {
      hn::StoreU(LoadElements<kType>(from, i), d, to + i);
    }
    return reinterpret_cast<const std::byte*>(to);
  }

  template <KvType kPage>
  void PageOf(const std::byte* keys, const std::byte* values, int64_t start, int64_t tokens) {
    int64_t i = 0;
    for (; i + kScoreTile <= count_; i += kScoreTile) Scores<kPage, kScoreTile>(keys, i, start);
    for (; i + 4 <= count_; i += 4) Scores<kPage, 4>(keys, i, start);
    if (count_ - i == 3) {
      Scores<kPage, 3>(keys, i, start);
      i = count_;
    }
    for (; i + 2 <= count_; i += 2) Scores<kPage, 2>(keys, i, start);
    for (; i < count_; ++i) Scores<kPage, 1>(keys, i, start);
    i = 0;
    for (; i + kMixTile <= count_; i += kMixTile) Mix<kPage, kMixTile>(values, i, tokens);
    if (count_ - i == 3) {
      Mix<kPage, 3>(values, i, tokens);
      i = count_;
    }
    for (; i + 2 <= count_; i += 2) Mix<kPage, 2>(values, i, tokens);
    for (; i < count_; ++i) Mix<kPage, 1>(values, i, tokens);
  }

  template <KvType kPage, int kQueries>
  HWY_INLINE void Scores(const std::byte* keys, int64_t query, int64_t start) {
    const RowTag d;
    RowVec scores[kQueries][kTokenVecs];
    for (int q = 0; q < kQueries; ++q) {
      for (int64_t v = 0; v < kTokenVecs; ++v) scores[q][v] = hn::Zero(d);
    }
    const float* queries = scratch_.queries() + query * dim_;
    const std::byte* next = query == 0 ? next_ : nullptr;
    if constexpr (kScaled) {
      for (int64_t first = 0; first < dim_; first += kKeyGroup) {
        RowVec raw[kQueries][kTokenVecs];
        for (int q = 0; q < kQueries; ++q) {
          for (int64_t v = 0; v < kTokenVecs; ++v) raw[q][v] = hn::Zero(d);
        }
        AddProducts<kPage>(keys, queries, first, std::min(first + kKeyGroup, dim_), next, raw);
        const float* scales = key_scales_ + first / kKeyGroup * kPageTokens;
        for (int64_t v = 0; v < kTokenVecs; ++v) {
          const RowVec scale = hn::LoadU(d, scales + v * kLanes);
          for (int q = 0; q < kQueries; ++q) {
            scores[q][v] = hn::MulAdd(raw[q][v], scale, scores[q][v]);
          }
        }
      }
    } else {
      AddProducts<kPage>(keys, queries, 0, dim_, next, scores);
    }
    for (int q = 0; q < kQueries; ++q) Share(scores[q], query + q, start);
  }

  // sums += queries' dimensions [begin, end) times the keys'. Brings the page `next`, if any, near
  // meanwhile: it lies far from this one, where the processor does not look.
  template <KvType kPage, int kQueries>
  HWY_INLINE void AddProducts(const std::byte* keys, const float* queries, int64_t begin,
                              int64_t end, const std::byte* next,
                              RowVec (&sums)[kQueries][kTokenVecs]) {
    const RowTag d;
    for (int64_t k = begin; k < end; ++k) {
      if (next != nullptr) {
        for (int64_t i = 0; i < kLinesOfDim; ++i) {
          hwy::Prefetch(next + (k * kLinesOfDim + i) * kLine);
        }
      }
      RowVec key[kTokenVecs];
      for (int64_t v = 0; v < kTokenVecs; ++v) {
        key[v] = LoadElements<kPage>(keys, k * kPageTokens + v * kLanes);
      }
      for (int q = 0; q < kQueries; ++q) {
        const RowVec x = hn::Set(d, queries[q * dim_ + k]);
        for (int64_t v = 0; v < kTokenVecs; ++v) sums[q][v] = hn::MulAdd(x, key[v], sums[q][v]);
      }
    }
  }

  // Adds a page's scores of one query to its running softmax.
  HWY_INLINE void Share(RowVec (&scores)[kTokenVecs], int64_t query, int64_t start) {
    const RowTag d;
    const Place place = PlaceOf(query);
    const int64_t position = task_.position + place.token;
    Change(scores, place, position, start);
    Hide(scores, position, start);
    RowVec most = scores[0];
    for (int64_t v = 1; v < kTokenVecs; ++v) most = hn::Max(most, scores[v]);
    const float old = scratch_.maxima()[query];
    const float largest = std::max(old, hn::GetLane(hn::MaxOfLanes(d, most)));
    float* shares = scratch_.shares() + query * kPageTokens;
    if (largest == kNothing) {
      std::fill_n(shares, kPageTokens, 0.0F);
      return;
    }
    if (largest > old) Shrink(query, old == kNothing ? 0.0F : std::exp(old - largest));
    scratch_.maxima()[query] = largest;
    const RowVec top = hn::Set(d, largest);
    float* totals = scratch_.totals() + query * AttentionScratch::kTotals;
    RowVec total = hn::LoadU(d, totals);
    for (int64_t v = 0; v < kTokenVecs; ++v) {
      const RowVec share = hn::Exp(d, hn::Sub(scores[v], top));
      total = hn::Add(total, share);
      if constexpr (kScaled) {
        // A place not yet written may hold any scale; a share of nothing stays nothing.
        const RowVec scaled = hn::Mul(share, hn::LoadU(d, value_scales_ + v * kLanes));
        hn::StoreU(hn::IfThenElse(hn::Eq(share, hn::Zero(d)), share, scaled), d,
                   shares + v * kLanes);
      } else {
        hn::StoreU(share, d, shares + v * kLanes);
      }
    }
    hn::StoreU(total, d, totals);
  }

  HWY_INLINE void Change(RowVec (&scores)[kTokenVecs], const Place& place, int64_t position,
                         int64_t start) {
    const RowTag d;
    for (int64_t v = 0; v < kTokenVecs; ++v) {
      if (task_.softcap != 0.0F) {
        const RowVec cap = hn::Set(d, task_.softcap);
        scores[v] = hn::Mul(cap, TanhOf(hn::Div(scores[v], cap)));
      }
      if (task_.slopes != nullptr) {
        const auto distance = static_cast<float>(start + v * kLanes - position);
        scores[v] =
            hn::MulAdd(hn::Set(d, task_.slopes[place.head]), hn::Iota(d, distance), scores[v]);
      }
      if (task_.biases != nullptr) {
        const float* bias = task_.biases + place.head * task_.bias_stride + start + v * kLanes;
        scores[v] = hn::Add(scores[v], hn::LoadU(d, bias));
      }
    }
  }

  // Keys that the query does not see.
  HWY_INLINE void Hide(RowVec (&scores)[kTokenVecs], int64_t position, int64_t start) {
    const int64_t last = position - start;
    const int64_t first = task_.window == 0 ? 0 : last - task_.window + 1;
    if (last >= kPageTokens - 1 && first <= 0) return;
    const RowTag d;
    // Page places are small integers, exact in fp32; far ones count as just outside.
    const RowVec low = hn::Set(d, static_cast<float>(std::clamp<int64_t>(first, 0, kPageTokens)));
    const RowVec high = hn::Set(d, static_cast<float>(std::clamp<int64_t>(last, -1, kPageTokens)));
    const RowVec nothing = hn::Set(d, kNothing);
    for (int64_t v = 0; v < kTokenVecs; ++v) {
      const RowVec slot = hn::Iota(d, static_cast<float>(v * kLanes));
      const auto seen = hn::And(hn::Ge(slot, low), hn::Le(slot, high));
      scores[v] = hn::IfThenElse(seen, scores[v], nothing);
    }
  }

  HWY_INLINE void Shrink(int64_t query, float factor) {
    const RowTag d;
    float* totals = scratch_.totals() + query * AttentionScratch::kTotals;
    float* sums = scratch_.sums() + query * padded_;
    const RowVec f = hn::Set(d, factor);
    hn::StoreU(hn::Mul(hn::LoadU(d, totals), f), d, totals);
    for (int64_t k = 0; k < padded_; k += kLanes) {
      hn::StoreU(hn::Mul(hn::LoadU(d, sums + k), f), d, sums + k);
    }
  }

  template <KvType kPage, int kQueries>
  HWY_INLINE void Mix(const std::byte* values, int64_t query, int64_t tokens) {
    int64_t k = 0;
    for (; k + kDimVecs * kLanes <= padded_; k += kDimVecs * kLanes) {
      MixColumns<kPage, kQueries, kDimVecs>(values, query, tokens, k);
    }
    for (; k < padded_; k += kLanes) MixColumns<kPage, kQueries, 1>(values, query, tokens, k);
  }

  template <KvType kPage, int kQueries, int64_t kVecs>
  HWY_INLINE void MixColumns(const std::byte* values, int64_t query, int64_t tokens, int64_t k) {
    const RowTag d;
    float* sums = scratch_.sums() + query * padded_ + k;
    const float* shares = scratch_.shares() + query * kPageTokens;
    RowVec mixed[kQueries][kVecs];
    for (int q = 0; q < kQueries; ++q) {
      for (int64_t v = 0; v < kVecs; ++v) {
        mixed[q][v] = hn::LoadU(d, sums + q * padded_ + v * kLanes);
      }
    }
    for (int64_t t = 0; t < tokens; ++t) {
      RowVec value[kVecs];
      for (int64_t v = 0; v < kVecs; ++v) {
        value[v] = LoadElements<kPage>(values, t * padded_ + k + v * kLanes);
      }
      for (int q = 0; q < kQueries; ++q) {
        const RowVec share = hn::Set(d, shares[q * kPageTokens + t]);
        for (int64_t v = 0; v < kVecs; ++v) mixed[q][v] = hn::MulAdd(share, value[v], mixed[q][v]);
      }
    }
    for (int q = 0; q < kQueries; ++q) {
      for (int64_t v = 0; v < kVecs; ++v) {
        hn::StoreU(mixed[q][v], d, sums + q * padded_ + v * kLanes);
      }
    }
  }

  void End() {
    const RowTag d;
    for (int64_t i = 0; i < count_; ++i) {
      const Place place = PlaceOf(i);
      float* to = task_.out.row(place.token) + place.head * dim_;
      const float* from = scratch_.sums() + i * padded_;
      const RowVec totals = hn::LoadU(d, scratch_.totals() + i * AttentionScratch::kTotals);
      const float inverse = 1.0F / hn::GetLane(hn::SumOfLanes(d, totals));
      for (int64_t k = 0; k < dim_; ++k) to[k] = from[k] * inverse;
    }
  }

  const KvPages& cache_;
  const AttentionTask& task_;
  AttentionScratch& scratch_;
  // Keys, with the values behind them, of the page after the one at hand; null: none.
  const std::byte* next_ = nullptr;
  const int64_t dim_;
  const int64_t padded_;
  const int64_t count_;
  // Of the page at hand.
  const float* key_scales_ = nullptr;
  const float* value_scales_ = nullptr;
};

void Attend(const KvPages& cache, const AttentionTask& task, AttentionScratch& scratch) {
  switch (cache.shape().type) {
    case KvType::kFloat32:
      return PageWalk<KvType::kFloat32>(cache, task, scratch).Run();
    case KvType::kFloat16:
      return PageWalk<KvType::kFloat16>(cache, task, scratch).Run();
    case KvType::kInt8:
      return PageWalk<KvType::kInt8>(cache, task, scratch).Run();
  }
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace assay::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace assay::engine {

HWY_EXPORT(Attend);

AttentionScratch::AttentionScratch(int64_t max_queries, int64_t head_dim)
    : queries_(static_cast<size_t>(max_queries * head_dim)),
      // Up to whole registers.
      sums_(static_cast<size_t>(max_queries * (head_dim + kPageTokens))),
      shares_(static_cast<size_t>(max_queries * kPageTokens)),
      keys_(static_cast<size_t>(head_dim * kPageTokens)),
      values_(static_cast<size_t>((head_dim + kPageTokens) * kPageTokens)),
      maxima_(static_cast<size_t>(max_queries)),
      totals_(static_cast<size_t>(max_queries * kTotals)) {}

void AttendPages(const KvPages& cache, const AttentionTask& task, AttentionScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(Attend)(cache, task, scratch);
}

}  // namespace assay::engine
#endif  // HWY_ONCE
