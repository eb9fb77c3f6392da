// Attention over float pages for the instruction set that is being compiled. Included once for each
// target (Highway's foreach_target.h).
#if defined(ASSAY_ENGINE_KERNELS_FLOAT_ATTENTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ASSAY_ENGINE_KERNELS_FLOAT_ATTENTION_INL_H_
#undef ASSAY_ENGINE_KERNELS_FLOAT_ATTENTION_INL_H_
#else
#define ASSAY_ENGINE_KERNELS_FLOAT_ATTENTION_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "engine/kernels/attention_softmax-inl.h"
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

// The numbers of queries that share a load of keys or values, and of columns of values, as many as
// the registers hold.
constexpr int kScoreTile = kRowLanes == 16 ? 8 : kRowLanes == 8 || HWY_ARCH_ARM ? 2 : 1;
constexpr int64_t kDimVecs = 4;
constexpr int kValueTile = kRowLanes == 16 || HWY_ARCH_ARM ? 4 : 2;
// With at least this many queries a page is expanded to fp32 once for all of them.
constexpr int64_t kMinQueriesToExpand = 8;

template <KvType kType>
HWY_INLINE RowVec LoadElements(const std::byte* base, int64_t index) {
  const RowTag d;
  if constexpr (kType == KvType::kFloat32) {
    return hn::LoadU(d, reinterpret_cast<const float*>(base) + index);
  } else {
    const hn::Rebind<hwy::float16_t, RowTag> dh;
    return hn::PromoteTo(d, hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(base) + index));
  }
}

// Computes one task over float pages.
template <KvType kType>
class FloatAttention {
 public:
  FloatAttention(const KvPages& cache, const AttentionTask& task, AttentionScratch& scratch)
      : cache_(cache),
        task_(task),
        scratch_(scratch),
        softmax_(cache, task, scratch),
        prefetcher_(cache, task),
        dim_(cache.shape().head_dim),
        padded_(cache.padded_dim()),
        count_(softmax_.count()) {}

  void Run() {
    prefetcher_.Begin();
    softmax_.Begin();
    for (int64_t i = 0; i < count_; ++i) {
      const float* from = softmax_.Query(i);
      float* to = scratch_.queries() + i * dim_;
      for (int64_t k = 0; k < dim_; ++k) to[k] = from[k] * task_.scale;
    }
    softmax_.ForPages([this](int64_t page, int64_t tokens) { Page(page, tokens); });
    softmax_.End();
  }

 private:
  const std::byte* KeysOf(int64_t page) const {
    return cache_.Keys(task_.layer, task_.pages[static_cast<size_t>(page)], task_.kv_head);
  }

  void Page(int64_t page, int64_t tokens) {
    prefetcher_.SetPage(page);
    const std::byte* keys = KeysOf(page);
    const std::byte* values =
        cache_.Values(task_.layer, task_.pages[static_cast<size_t>(page)], task_.kv_head);
    if (kType != KvType::kFloat32 && count_ >= kMinQueriesToExpand) {
      const std::byte* all_keys = Expand(keys, dim_ * kPageTokens, scratch_.keys());
      const std::byte* all_values = Expand(values, tokens * padded_, scratch_.values());
      PageOf<KvType::kFloat32>(all_keys, all_values, page * kPageTokens, tokens);
    } else {
      PageOf<kType>(keys, values, page * kPageTokens, tokens);
    }
  }

  static const std::byte* Expand(const std::byte* from, int64_t count, float* to) {
    const RowTag d;
    for (int64_t i = 0; i < count; i += kRowLanes) {
      hn::StoreU(LoadElements<kType>(from, i), d, to + i);
    }
    return reinterpret_cast<const std::byte*>(to);
  }

  template <KvType kPage>
  void PageOf(const std::byte* keys, const std::byte* values, int64_t start, int64_t tokens) {
    ForTiles<kScoreTile>(count_, ScoreTiles<kPage>{*this, keys, start});
    ForTiles<kValueTile>(count_, ValueTiles<kPage>{*this, values, tokens});
  }

  template <KvType kPage>
  struct ScoreTiles {
    FloatAttention& attention;
    const std::byte* keys;
    int64_t start;

    template <int kQueries>
    HWY_INLINE void Run(int64_t query) const {
      attention.Scores<kPage, kQueries>(keys, query, start);
    }
  };
  template <KvType kPage>
  struct ValueTiles {
    FloatAttention& attention;
    const std::byte* values;
    int64_t tokens;

    template <int kQueries>
    HWY_INLINE void Run(int64_t query) const {
      attention.AddValues<kPage, kQueries>(values, query, tokens);
    }
  };

  template <KvType kPage, int kQueries>
  HWY_INLINE void Scores(const std::byte* keys, int64_t query, int64_t start) {
    const RowTag d;
    RowVec scores[kQueries][kTokenVecs];
    for (int q = 0; q < kQueries; ++q) {
      for (int64_t v = 0; v < kTokenVecs; ++v) scores[q][v] = hn::Zero(d);
    }
    AddProducts<kPage>(keys, query, scores);
    softmax_.ScoresToWeights(scores, query, start);
    for (int q = 0; q < kQueries; ++q) {
      float* weights = scratch_.weights() + (query + q) * kPageTokens;
      for (int64_t v = 0; v < kTokenVecs; ++v) {
        hn::StoreU(scores[q][v], d, weights + v * kRowLanes);
      }
    }
  }

  // sums += queries * keys.
  template <KvType kPage, int kQueries>
  HWY_INLINE void AddProducts(const std::byte* keys, int64_t query,
                              RowVec (&sums)[kQueries][kTokenVecs]) {
    const RowTag d;
    const float* queries = scratch_.queries() + query * dim_;
    for (int64_t k = 0; k < dim_; ++k) {
      if (query == 0) prefetcher_.Fetch(k, dim_);
      RowVec key[kTokenVecs];
      for (int64_t v = 0; v < kTokenVecs; ++v) {
        key[v] = LoadElements<kPage>(keys, k * kPageTokens + v * kRowLanes);
      }
      for (int q = 0; q < kQueries; ++q) {
        const RowVec x = hn::Set(d, queries[q * dim_ + k]);
        for (int64_t v = 0; v < kTokenVecs; ++v) sums[q][v] = hn::MulAdd(x, key[v], sums[q][v]);
      }
    }
  }

  template <KvType kPage, int kQueries>
  HWY_INLINE void AddValues(const std::byte* values, int64_t query, int64_t tokens) {
    int64_t k = 0;
    for (; k + kDimVecs * kRowLanes <= padded_; k += kDimVecs * kRowLanes) {
      AddValueColumns<kPage, kQueries, kDimVecs>(values, query, tokens, k);
    }
    for (; k < padded_; k += kRowLanes) {
      AddValueColumns<kPage, kQueries, 1>(values, query, tokens, k);
    }
  }

  template <KvType kPage, int kQueries, int64_t kVecs>
  HWY_INLINE void AddValueColumns(const std::byte* values, int64_t query, int64_t tokens,
                                  int64_t k) {
    const RowTag d;
    float* sums = scratch_.sums() + query * padded_ + k;
    const float* weights = scratch_.weights() + query * kPageTokens;
    RowVec products[kQueries][kVecs];
    for (int q = 0; q < kQueries; ++q) {
      for (int64_t v = 0; v < kVecs; ++v) {
        products[q][v] = hn::LoadU(d, sums + q * padded_ + v * kRowLanes);
      }
    }
    for (int64_t t = 0; t < tokens; ++t) {
      RowVec value[kVecs];
      for (int64_t v = 0; v < kVecs; ++v) {
        value[v] = LoadElements<kPage>(values, t * padded_ + k + v * kRowLanes);
      }
      for (int q = 0; q < kQueries; ++q) {
        const RowVec weight = hn::Set(d, weights[q * kPageTokens + t]);
        for (int64_t v = 0; v < kVecs; ++v) {
          products[q][v] = hn::MulAdd(weight, value[v], products[q][v]);
        }
      }
    }
    for (int q = 0; q < kQueries; ++q) {
      for (int64_t v = 0; v < kVecs; ++v) {
        hn::StoreU(products[q][v], d, sums + q * padded_ + v * kRowLanes);
      }
    }
  }

  const KvPages& cache_;
  const AttentionTask& task_;
  AttentionScratch& scratch_;
  RunningSoftmax softmax_;
  PagePrefetcher prefetcher_;
  const int64_t dim_;
  const int64_t padded_;
  const int64_t count_;
};

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace assay::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ASSAY_ENGINE_KERNELS_FLOAT_ATTENTION_INL_H_
