// Compares attention over pages with a softmax in double.
#include "engine/kernels/paged_attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "tests/engine/kernels/targets.h"

namespace assay::engine {
namespace {

struct Model {
  int64_t kv_heads;
  int64_t group;
  int64_t head_dim;
  int64_t window = 0;
  float softcap = 0.0F;
  bool slopes = false;
  bool biases = false;
  // For encoders: the keys of all queries.
  int64_t keys = 0;
};

constexpr int64_t kLength = 101;
constexpr int64_t kBiasStride = 128;
constexpr float kScale = 0.3F;

// Keys and values are normally distributed and scores are a few units. int8 has an error of half a
// step, about 3 / 254, in a value, and the same times the queries and times the keys in a score.
double ToleranceOf(KvType type) {
  if (type == KvType::kFloat32) return 2e-5;
  return type == KvType::kFloat16 ? 1e-2 : 8e-2;
}

// The keys, values and queries of a sequence in one layer, in pages out of order.
class Sequence {
 public:
  Sequence(const Model& model, KvType type)
      : model_(model),
        cache_({.type = type, .layers = 2, .kv_heads = model.kv_heads, .head_dim = model.head_dim},
               5) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    const auto fill = [&](std::vector<float>& values, int64_t count) {
      values.resize(static_cast<size_t>(count));
      for (float& value : values) value = normal(random);
    };
    fill(keys_, kLength * model.kv_heads * model.head_dim);
    fill(values_, kLength * model.kv_heads * model.head_dim);
    fill(queries_, kLength * model.kv_heads * model.group * model.head_dim);
    fill(biases_, model.group * kBiasStride);
    fill(slopes_, model.group);
    for (int64_t t = 0; t < kLength; ++t) {
      for (int64_t h = 0; h < model.kv_heads; ++h) {
        const auto at = static_cast<size_t>((t * model.kv_heads + h) * model.head_dim);
        cache_.Write(1, pages_[static_cast<size_t>(t / kPageTokens)], t % kPageTokens, h,
                     keys_.data() + at, values_.data() + at);
      }
    }
  }

  // Rounds keys, values and queries as int8 does by definition. Expected() then uses the rounded
  // ones.
  void RoundLikeInt8() {
    const auto round = [](float* first, int64_t count) {
      float max = 0.0F;
      for (int64_t i = 0; i < count; ++i) max = std::max(max, std::abs(first[i]));
      const float step = max / 127.0F;
      for (int64_t i = 0; i < count; ++i) first[i] = std::nearbyint(first[i] / step) * step;
    };
    const int64_t dim = model_.head_dim;
    const auto round_groups = [&](float* row) {
      for (int64_t i = 0; i < dim; i += 32) round(row + i, std::min<int64_t>(32, dim - i));
    };
    for (int64_t row = 0; row < kLength * model_.kv_heads; ++row) {
      round_groups(keys_.data() + row * dim);
      round(values_.data() + row * dim, dim);
    }
    rounded_queries_ = queries_;
    for (int64_t row = 0; row < kLength * model_.kv_heads * model_.group; ++row) {
      round_groups(rounded_queries_.data() + row * dim);
    }
  }

  std::vector<float> Attend(int64_t head, int64_t position, int64_t count) {
    const int64_t stride = model_.kv_heads * model_.group * model_.head_dim;
    std::vector<float> out(static_cast<size_t>(count * model_.group * model_.head_dim));
    AttentionTask task{.layer = 1,
                       .kv_head = head,
                       .group = model_.group,
                       .pages = pages_,
                       .position = position,
                       .count = count,
                       .keys = model_.keys,
                       .window = model_.window,
                       .scale = kScale,
                       .softcap = model_.softcap,
                       .slopes = model_.slopes ? slopes_.data() : nullptr,
                       .biases = model_.biases ? biases_.data() : nullptr,
                       .bias_stride = kBiasStride};
    task.queries = {
        .data = queries_.data() + position * stride + head * model_.group * model_.head_dim,
        .stride = stride};
    task.out = {.data = out.data(), .stride = model_.group * model_.head_dim};
    AttentionScratch scratch(count * model_.group, model_.head_dim);
    AttendPages(cache_, task, scratch);
    return out;
  }

  double Expected(int64_t head, int64_t position, int64_t in_group, int64_t dim) const {
    const int64_t first =
        model_.window == 0 ? 0 : std::max<int64_t>(0, position - model_.window + 1);
    const int64_t last = model_.keys > 0 ? model_.keys - 1 : position;
    std::vector<double> scores;
    const auto at = [&](const std::vector<float>& all, int64_t t, int64_t heads, int64_t h,
                        int64_t i) {
      return static_cast<double>(all[static_cast<size_t>((t * heads + h) * model_.head_dim + i)]);
    };
    for (int64_t t = first; t <= last; ++t) {
      double score = 0.0;
      for (int64_t i = 0; i < model_.head_dim; ++i) {
        score += at(rounded_queries_.empty() ? queries_ : rounded_queries_, position,
                    model_.kv_heads * model_.group, head * model_.group + in_group, i) *
                 at(keys_, t, model_.kv_heads, head, i);
      }
      score *= kScale;
      if (model_.softcap != 0.0F) score = model_.softcap * std::tanh(score / model_.softcap);
      if (model_.slopes) {
        score += slopes_[static_cast<size_t>(in_group)] * static_cast<double>(t - position);
      }
      if (model_.biases) score += biases_[static_cast<size_t>(in_group * kBiasStride + t)];
      scores.push_back(score);
    }
    const double max = *std::max_element(scores.begin(), scores.end());
    double total = 0.0;
    double sum = 0.0;
    for (int64_t t = first; t <= last; ++t) {
      const double weight = std::exp(scores[static_cast<size_t>(t - first)] - max);
      total += weight;
      sum += weight * at(values_, t, model_.kv_heads, head, dim);
    }
    return sum / total;
  }

 private:
  Model model_;
  KvPages cache_;
  std::vector<int32_t> pages_ = {4, 0, 3, 1};
  std::vector<float> keys_;
  std::vector<float> values_;
  std::vector<float> queries_;
  // Used by Expected() only; empty if nothing is rounded.
  std::vector<float> rounded_queries_;
  std::vector<float> biases_;
  std::vector<float> slopes_;
};

const Model kModels[] = {
    {.kv_heads = 3, .group = 3, .head_dim = 64},
    {.kv_heads = 1, .group = 5, .head_dim = 12},
    {.kv_heads = 2, .group = 1, .head_dim = 80, .softcap = 2.0F},
    {.kv_heads = 2, .group = 2, .head_dim = 16, .window = 37},
    {.kv_heads = 1, .group = 3, .head_dim = 37, .window = 50},
    {.kv_heads = 1, .group = 4, .head_dim = 24, .slopes = true},
    {.kv_heads = 1, .group = 2, .head_dim = 20, .window = 5, .softcap = 3.0F, .biases = true},
    {.kv_heads = 2, .group = 1, .head_dim = 32, .keys = 101},
    {.kv_heads = 1, .group = 2, .head_dim = 12, .keys = 33},
};

class PagedAttentionTest : public TargetTest {};

TEST_P(PagedAttentionTest, MatchesTheSoftmaxOfTheVisibleKeys) {
  for (const Model& model : kModels) {
    for (const KvType type : {KvType::kFloat32, KvType::kFloat16, KvType::kInt8}) {
      Sequence sequence(model, type);
      const double tolerance = ToleranceOf(type);
      for (const auto& [position, count] :
           std::vector<std::pair<int64_t, int64_t>>{{0, 1}, {0, 40}, {31, 1}, {64, 37}, {100, 1}}) {
        for (int64_t head = 0; head < model.kv_heads; ++head) {
          const std::vector<float> out = sequence.Attend(head, position, count);
          for (int64_t t = 0; t < count; ++t) {
            for (int64_t g = 0; g < model.group; ++g) {
              for (int64_t i = 0; i < model.head_dim; ++i) {
                const auto at = static_cast<size_t>((t * model.group + g) * model.head_dim + i);
                ASSERT_NEAR(out[at], sequence.Expected(head, position + t, g, i), tolerance)
                    << "head_dim " << model.head_dim << " position " << position + t;
              }
            }
          }
        }
      }
    }
  }
}

// Precision is lost only by the rounding of keys, values and queries, and of softmax weights to 15
// bits.
TEST_P(PagedAttentionTest, Int8IsExactButForItsRounding) {
  constexpr double kTolerance = 5e-4;
  for (const Model& model : kModels) {
    Sequence sequence(model, KvType::kInt8);
    sequence.RoundLikeInt8();
    for (int64_t head = 0; head < model.kv_heads; ++head) {
      const std::vector<float> out = sequence.Attend(head, 0, kLength);
      for (size_t at = 0; at < out.size(); ++at) {
        const auto row = static_cast<int64_t>(at) / model.head_dim;
        ASSERT_NEAR(out[at],
                    sequence.Expected(head, row / model.group, row % model.group,
                                      static_cast<int64_t>(at) % model.head_dim),
                    kTolerance)
            << "head_dim " << model.head_dim << " position " << row / model.group;
      }
    }
  }
}

TEST_P(PagedAttentionTest, AQuerysResultDoesNotDependOnOtherQueries) {
  for (const KvType type : {KvType::kFloat16, KvType::kInt8}) {
    for (const Model& model : kModels) {
      Sequence sequence(model, type);
      const std::vector<float> together = sequence.Attend(0, 0, kLength);
      const int64_t width = model.group * model.head_dim;
      for (const int64_t t : {0, 1, 31, 32, 50, 98}) {
        for (const int64_t count : {1, 2, 3}) {
          const std::vector<float> few = sequence.Attend(0, t, count);
          EXPECT_TRUE(std::equal(few.begin(), few.end(), together.begin() + t * width))
              << "head_dim " << model.head_dim << " position " << t << " count " << count;
        }
      }
    }
  }
}

// A page still has the keys, values and scales of the sequence that used it before, here NaN.
TEST_P(PagedAttentionTest, PreviousContentsOfAPageAreIgnored) {
  constexpr int64_t kDim = 20;
  const std::vector<float> bad(kDim, NAN);
  const std::vector<float> good(kDim, 1.0F);
  KvPages pages({.type = KvType::kInt8, .layers = 1, .kv_heads = 1, .head_dim = kDim}, 1);
  for (int64_t t = 0; t < kPageTokens; ++t) pages.Write(0, 0, t, 0, bad.data(), bad.data());
  for (int64_t t = 0; t < 3; ++t) pages.Write(0, 0, t, 0, good.data(), good.data());
  std::vector<float> out(kDim);
  const std::vector<int32_t> table = {0};
  AttentionTask task{.pages = table, .position = 2, .count = 1};
  task.queries = {.data = const_cast<float*>(good.data()), .stride = kDim};
  task.out = {.data = out.data(), .stride = kDim};
  AttentionScratch scratch(1, kDim);
  AttendPages(pages, task, scratch);
  for (const float value : out) EXPECT_NEAR(value, 1.0F, 1e-5F);
}

// Softmax weights are rounded to 15 bits of the largest one, so that many small weights beside a
// large one still count: 31 tokens with weights of a thousandth each beside one whose value is
// zero.
TEST_P(PagedAttentionTest, SmallWeightsBesideALargeOneCount) {
  constexpr int64_t kDim = 32;
  KvPages pages({.type = KvType::kInt8, .layers = 1, .kv_heads = 1, .head_dim = kDim}, 1);
  const std::vector<float> ones(kDim, 1.0F);
  const std::vector<float> zeros(kDim, 0.0F);
  pages.Write(0, 0, 0, 0, ones.data(), zeros.data());
  for (int64_t t = 1; t < kPageTokens; ++t) pages.Write(0, 0, t, 0, zeros.data(), ones.data());
  const double weight = std::exp(-7.0);
  const std::vector<float> query(kDim, 7.0F / kDim);
  std::vector<float> out(kDim);
  const std::vector<int32_t> table = {0};
  AttentionTask task{.pages = table, .position = kPageTokens - 1, .count = 1};
  task.queries = {.data = const_cast<float*>(query.data()), .stride = kDim};
  task.out = {.data = out.data(), .stride = kDim};
  AttentionScratch scratch(1, kDim);
  AttendPages(pages, task, scratch);
  const double expected = 31.0 * weight / (1.0 + 31.0 * weight);
  for (const float value : out) EXPECT_NEAR(value, expected, 0.02 * expected);
}

// Integers have no NaN, so that it could be lost in rounding.
TEST_P(PagedAttentionTest, NaNInAKeyValueOrQueryGivesNaN) {
  constexpr int64_t kDim = 20;
  const std::vector<float> good(kDim, 1.0F);
  std::vector<float> bad = good;
  bad[13] = NAN;
  for (const KvType type : {KvType::kFloat32, KvType::kFloat16, KvType::kInt8}) {
    // Highway's conversion without F16C has neither infinity nor NaN.
    if (type == KvType::kFloat16 && GetParam() == HWY_SSE4) continue;
    for (const int where : {0, 1, 2}) {
      KvPages pages({.type = type, .layers = 1, .kv_heads = 1, .head_dim = kDim}, 1);
      for (int64_t t = 0; t < 3; ++t) {
        pages.Write(0, 0, t, 0, t == 1 && where == 0 ? bad.data() : good.data(),
                    t == 1 && where == 1 ? bad.data() : good.data());
      }
      std::vector<float> out(kDim);
      const std::vector<int32_t> table = {0};
      AttentionTask task{.pages = table, .position = 2, .count = 1};
      task.queries = {.data = where == 2 ? bad.data() : const_cast<float*>(good.data()),
                      .stride = kDim};
      task.out = {.data = out.data(), .stride = kDim};
      AttentionScratch scratch(1, kDim);
      AttendPages(pages, task, scratch);
      EXPECT_TRUE(std::isnan(out[13])) << "type " << static_cast<int>(type) << " in " << where;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, PagedAttentionTest, ::testing::ValuesIn(Targets()),
                         TargetTestName);

}  // namespace
}  // namespace assay::engine
