// Attention over int8 pages for the instruction set that is being compiled. Included once for each
// target (Highway's foreach_target.h).
#if defined(ASSAY_ENGINE_KERNELS_INT8_ATTENTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ASSAY_ENGINE_KERNELS_INT8_ATTENTION_INL_H_
#undef ASSAY_ENGINE_KERNELS_INT8_ATTENTION_INL_H_
#else
#define ASSAY_ENGINE_KERNELS_INT8_ATTENTION_INL_H_
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/kernels/attention_softmax-inl.h"
#include "engine/kernels/dot_quads-inl.h"
#include "engine/kernels/kernel_namespace-inl.h"
#include "engine/kernels/kv_pages.h"
#include "engine/kernels/paged_attention.h"
#include "engine/kernels/row_math-inl.h"
#include "engine/kernels/row_ops.h"
#include "hwy/highway.h"

ASSAY_BEFORE_KERNELS();
namespace assay::engine::HWY_NAMESPACE {
// A target may be compiled twice with different instructions: neither may link to the other's code.
// NOLINTNEXTLINE(google-build-namespaces)
namespace {

// Computes one task over int8 pages. Queries have 8 bits, as their keys have. Softmax weights are
// multiplied by the scales of the values and have 15 bits. Products are exact in integers; they are
// scaled and summed in fp32.
class Int8Attention {
 public:
  Int8Attention(const KvPages& cache, const AttentionTask& task, AttentionScratch& scratch)
      : cache_(cache),
        task_(task),
        scratch_(scratch),
        softmax_(cache, task, scratch),
        prefetcher_(cache, task),
        quads_(cache.key_quads()),
        groups_(cache.key_groups()),
        padded_(cache.padded_dim()),
        count_(softmax_.count()) {}

  void Run() {
    prefetcher_.Begin();
    softmax_.Begin();
    for (int64_t i = 0; i < count_; ++i) QuantizeQuery(i);
    softmax_.ForPages([this](int64_t page, int64_t tokens) { Page(page, tokens); });
    softmax_.End();
  }

 private:
  static constexpr int64_t kQuadsOfGroup = kKeyGroup / kKvQuad;
  static constexpr int64_t kPairs = kPageTokens / 2;
  // The numbers of queries that share a load of keys or values, and of columns of values, as many
  // as the registers hold.
  static constexpr int kScoreTile = kRowLanes == 16 ? 4 : 1;
  static constexpr int64_t kDimVecs = 4;
  static constexpr int kValueTile = kRowLanes == 16 || HWY_ARCH_ARM ? 4 : 2;
  // With at least this many queries the values are widened once for all of them.
  static constexpr int64_t kMinQueriesToWiden = 8;
  static constexpr float kMaxWeight = 32767.0F;

  int64_t PhysicalPage(int64_t page) const { return task_.pages[static_cast<size_t>(page)]; }

  void QuantizeQuery(int64_t query) {
    const int64_t dim = cache_.shape().head_dim;
    const float* from = softmax_.Query(query);
    std::array<float, kKeyGroup> scaled;
    for (int64_t group = 0; group < groups_; ++group) {
      const int64_t first = group * kKeyGroup;
      const int64_t count = std::min(dim - first, kKeyGroup);
      for (int64_t i = 0; i < count; ++i) {
        scaled[static_cast<size_t>(i)] = from[first + i] * task_.scale;
      }
      int8_t* codes = scratch_.codes() + query * quads_ * kKvQuad + first;
      const int64_t at = query * groups_ + group;
      scratch_.query_scales()[at] = BytesOfRow(scaled.data(), count, codes);
      int32_t sum = 0;
      for (int64_t i = 0; i < count; ++i) sum += codes[i];
      scratch_.bias_corrections()[at] = -kSignedZero * sum;
    }
  }

  void Page(int64_t page, int64_t tokens) {
    prefetcher_.SetPage(page);
    const int64_t physical = PhysicalPage(page);
    const auto* keys =
        reinterpret_cast<const uint8_t*>(cache_.Keys(task_.layer, physical, task_.kv_head));
    const auto* values =
        reinterpret_cast<const int8_t*>(cache_.Values(task_.layer, physical, task_.kv_head));
    key_scales_ = cache_.KeyScales(task_.layer, physical, task_.kv_head);
    value_scales_ = cache_.ValueScales(task_.layer, physical, task_.kv_head);
    const int64_t start = page * kPageTokens;
    // Later queries attend to as many slots of the page or more.
    if (softmax_.LastVisible(0, start) >= kPageTokens - 1) SetFullPageFactors();
    ForTiles<kScoreTile>(count_, ScoreTiles{*this, keys, start});
    const int64_t pairs = std::min(tokens, kPairs);
    if (count_ >= kMinQueriesToWiden) {
      const hn::Rebind<int8_t, hn::Repartition<int16_t, Ints>> db;
      const hn::Repartition<int16_t, Ints> dw;
      const auto lanes = static_cast<int64_t>(hn::Lanes(dw));
      int16_t* to = scratch_.wide_values();
      for (int64_t i = 0; i < pairs * padded_ * 2; i += lanes) {
        hn::StoreU(hn::PromoteTo(dw, hn::LoadU(db, values + i)), dw, to + i);
      }
      ForTiles<kValueTile>(count_, ValueTiles<int16_t>{*this, to, pairs});
    } else {
      ForTiles<kValueTile>(count_, ValueTiles<int8_t>{*this, values, pairs});
    }
  }

  // Sets the factors by which softmax weights are multiplied before they are rounded, for queries
  // that attend to the slots [0, last] of a page. Later slots may have any scale, even NaN. Returns
  // the unit of the rounded weights.
  HWY_INLINE float FactorsUpTo(int64_t last, RowVec (&factors)[kTokenVecs]) const {
    const RowTag d;
    const RowVec last_slot = hn::Set(d, static_cast<float>(last));
    RowVec max = hn::Zero(d);
    for (int64_t v = 0; v < kTokenVecs; ++v) {
      const RowVec slot = hn::Iota(d, static_cast<float>(v * kRowLanes));
      factors[v] =
          hn::IfThenElseZero(hn::Le(slot, last_slot), hn::LoadU(d, value_scales_ + v * kRowLanes));
      max = hn::Max(max, factors[v]);
    }
    const float largest = hn::GetLane(hn::MaxOfLanes(d, max));
    if (largest == 0.0F) return 0.0F;
    const RowVec top = hn::Set(d, largest);
    for (RowVec& factor : factors) {
      factor = hn::Mul(hn::Div(factor, top), hn::Set(d, kMaxWeight));
    }
    return largest / kMaxWeight;
  }

  // Sets the factors of queries that attend to the whole page.
  void SetFullPageFactors() {
    const RowTag d;
    RowVec factors[kTokenVecs];
    full_page_unit_ = FactorsUpTo(kPageTokens - 1, factors);
    for (int64_t v = 0; v < kTokenVecs; ++v) {
      hn::StoreU(factors[v], d, full_page_factors_.data() + v * kRowLanes);
    }
  }

  HWY_INLINE float FactorsFor(int64_t query, int64_t start, RowVec (&factors)[kTokenVecs]) const {
    // If the first query does not attend to the whole page, the factors of full pages are not set.
    if (softmax_.LastVisible(0, start) < kPageTokens - 1) {
      return FactorsUpTo(std::min(softmax_.LastVisible(query, start), kPageTokens - 1), factors);
    }
    const RowTag d;
    for (int64_t v = 0; v < kTokenVecs; ++v) {
      factors[v] = hn::LoadU(d, full_page_factors_.data() + v * kRowLanes);
    }
    return full_page_unit_;
  }

  struct ScoreTiles {
    Int8Attention& attention;
    const uint8_t* keys;
    int64_t start;

    template <int kQueries>
    HWY_INLINE void Run(int64_t query) const {
      attention.Scores<kQueries>(keys, query, start);
    }
  };
  template <typename Value>
  struct ValueTiles {
    Int8Attention& attention;
    const Value* values;
    int64_t pairs;

    template <int kQueries>
    HWY_INLINE void Run(int64_t query) const {
      attention.AddValues<kQueries>(values, query, pairs);
    }
  };

  template <int kQueries>
  HWY_INLINE void Scores(const uint8_t* keys, int64_t query, int64_t start) {
    const RowTag d;
    RowVec scores[kQueries][kTokenVecs];
    for (int q = 0; q < kQueries; ++q) {
      for (int64_t v = 0; v < kTokenVecs; ++v) scores[q][v] = hn::Zero(d);
    }
    for (int64_t group = 0; group < groups_; ++group) AddGroup(keys, query, group, scores);
    softmax_.ScoresToWeights(scores, query, start);
    for (int q = 0; q < kQueries; ++q) RoundWeights(scores[q], query + q, start);
  }

  // scores += the products of a group of dimensions.
  template <int kQueries>
  HWY_INLINE void AddGroup(const uint8_t* keys, int64_t query, int64_t group,
                           RowVec (&scores)[kQueries][kTokenVecs]) {
    const RowTag d;
    const Ints di;
    const Bytes db;
    const int64_t begin = group * kQuadsOfGroup;
    const int64_t end = std::min(begin + kQuadsOfGroup, quads_);
    const auto* codes = reinterpret_cast<const int32_t*>(scratch_.codes()) + query * quads_;
    const int32_t* corrections = scratch_.bias_corrections() + query * groups_ + group;
    IntVec dots[kQueries][kTokenVecs];
    for (int q = 0; q < kQueries; ++q) {
      for (IntVec& dot : dots[q]) dot = hn::Set(di, corrections[q * groups_]);
    }
    for (int64_t k = begin; k < end; ++k) {
      if (query == 0) prefetcher_.Fetch(k, quads_);
      ByteVec key[kTokenVecs];
      for (int64_t v = 0; v < kTokenVecs; ++v) {
        key[v] = SignedCodes(hn::LoadU(db, keys + (k * kPageTokens + v * kRowLanes) * kKvQuad));
      }
      for (int q = 0; q < kQueries; ++q) {
        const IntVec x = hn::Set(di, codes[q * quads_ + k]);
        for (int64_t v = 0; v < kTokenVecs; ++v) dots[q][v] = SignedDot(dots[q][v], key[v], x);
      }
    }
    const float* scales = scratch_.query_scales() + query * groups_ + group;
    for (int64_t v = 0; v < kTokenVecs; ++v) {
      const RowVec scale = hn::LoadU(d, key_scales_ + group * kPageTokens + v * kRowLanes);
      for (int q = 0; q < kQueries; ++q) {
        scores[q][v] = hn::MulAdd(hn::ConvertTo(d, dots[q][v]),
                                  hn::Mul(scale, hn::Set(d, scales[q * groups_])), scores[q][v]);
      }
    }
  }

  // Stores the softmax weights of a query as pairs of the slots t and t + 16.
  HWY_INLINE void RoundWeights(const RowVec (&weights)[kTokenVecs], int64_t query, int64_t start) {
    const Ints di;
    RowVec factors[kTokenVecs];
    scratch_.weight_units()[query] = FactorsFor(query, start, factors);
    int32_t* pairs = scratch_.weight_pairs() + query * kPairs;
    constexpr int64_t kHalf = kTokenVecs / 2;
    for (int64_t v = 0; v < kHalf; ++v) {
      const IntVec low = hn::NearestInt(hn::Mul(weights[v], factors[v]));
      const IntVec high = hn::NearestInt(hn::Mul(weights[v + kHalf], factors[v + kHalf]));
      hn::StoreU(hn::Or(low, hn::ShiftLeft<16>(high)), di, pairs + v * kRowLanes);
    }
  }

  template <int kQueries, typename Value>
  HWY_INLINE void AddValues(const Value* values, int64_t query, int64_t pairs) {
    int64_t k = 0;
    for (; k + kDimVecs * kRowLanes <= padded_; k += kDimVecs * kRowLanes) {
      AddValueColumns<kQueries, kDimVecs>(values, query, pairs, k);
    }
    for (; k < padded_; k += kRowLanes) AddValueColumns<kQueries, 1>(values, query, pairs, k);
  }

  static HWY_INLINE IntVec LoadPairs(const int16_t* from) {
    const hn::Repartition<int16_t, Ints> dw;
    return hn::BitCast(Ints(), hn::LoadU(dw, from));
  }
  static HWY_INLINE IntVec LoadPairs(const int8_t* from) {
    const hn::Repartition<int16_t, Ints> dw;
    const hn::Rebind<int8_t, decltype(dw)> db;
    return hn::BitCast(Ints(), hn::PromoteTo(dw, hn::LoadU(db, from)));
  }

  template <int kQueries, int64_t kVecs, typename Value>
  HWY_INLINE void AddValueColumns(const Value* values, int64_t query, int64_t pairs, int64_t k) {
    const RowTag d;
    const Ints di;
    const int32_t* weights = scratch_.weight_pairs() + query * kPairs;
    IntVec products[kQueries][kVecs];
    for (int q = 0; q < kQueries; ++q) {
      for (int64_t v = 0; v < kVecs; ++v) products[q][v] = hn::Zero(di);
    }
    for (int64_t t = 0; t < pairs; ++t) {
      IntVec value[kVecs];
      for (int64_t v = 0; v < kVecs; ++v) {
        value[v] = LoadPairs(values + (t * padded_ + k + v * kRowLanes) * 2);
      }
      for (int q = 0; q < kQueries; ++q) {
        const IntVec weight = hn::Set(di, weights[q * kPairs + t]);
        for (int64_t v = 0; v < kVecs; ++v) {
          products[q][v] = DotPairs(products[q][v], weight, value[v]);
        }
      }
    }
    float* sums = scratch_.sums() + query * padded_ + k;
    for (int q = 0; q < kQueries; ++q) {
      const RowVec unit = hn::Set(d, scratch_.weight_units()[query + q]);
      for (int64_t v = 0; v < kVecs; ++v) {
        float* sum = sums + q * padded_ + v * kRowLanes;
        hn::StoreU(hn::MulAdd(hn::ConvertTo(d, products[q][v]), unit, hn::LoadU(d, sum)), d, sum);
      }
    }
  }

  const KvPages& cache_;
  const AttentionTask& task_;
  AttentionScratch& scratch_;
  RunningSoftmax softmax_;
  PagePrefetcher prefetcher_;
  const int64_t quads_;
  const int64_t groups_;
  const int64_t padded_;
  const int64_t count_;
  // The scales of the current page.
  const float* key_scales_ = nullptr;
  const float* value_scales_ = nullptr;
  // FactorsUpTo() the end of the current page, if the first query attends to all of it.
  std::array<float, kPageTokens> full_page_factors_;
  float full_page_unit_ = 0.0F;
};

void AttendInt8(const KvPages& cache, const AttentionTask& task, AttentionScratch& scratch) {
  Int8Attention(cache, task, scratch).Run();
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace assay::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ASSAY_ENGINE_KERNELS_INT8_ATTENTION_INL_H_
