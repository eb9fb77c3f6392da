// The expected distributions are from tests/golden/runtime/make_sampling.py.
#include "engine/runtime/generation/sampling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "absl/status/status.h"

namespace assay::engine {
namespace {

using ::testing::HasSubstr;

constexpr char kGolden[] = "tests/golden/runtime/sampling.json";

TEST(SamplingTest, GreedyChoosesTheLowestIdOfEqualLogits) {
  Sampler sampler({});
  EXPECT_EQ(sampler.Sample({1.0F, 3.0F, 3.0F, -1.0F}), 1);
}

TEST(SamplingTest, TopKOfOneIsGreedy) {
  Sampler sampler({.temperature = 2.0F, .top_k = 1, .seed = 3});
  for (int i = 0; i < 50; ++i) EXPECT_EQ(sampler.Sample({0.0F, 0.1F, 0.2F, 0.1F}), 2);
}

TEST(SamplingTest, SameSeedGivesTheSameTokens) {
  const std::vector<float> logits(1000, 0.5F);
  const auto draw = [&](uint64_t seed) {
    Sampler sampler({.temperature = 1.0F, .top_p = 0.9F, .seed = seed});
    std::vector<TokenId> tokens;
    for (int i = 0; i < 20; ++i) tokens.push_back(sampler.Sample(logits));
    return tokens;
  };
  EXPECT_EQ(draw(5), draw(5));
  EXPECT_NE(draw(5), draw(6));
}

TEST(SamplingTest, TheFirstDrawIsTheSameOnEveryPlatform) {
  std::mt19937_64 random(42);
  const double uniform = static_cast<double>(random() >> 11) / 9007199254740992.0;
  Sampler sampler({.temperature = 1.0F, .seed = 42});
  EXPECT_EQ(sampler.Sample(std::vector<float>(1000, 0.0F)), static_cast<TokenId>(uniform * 1000));
}

TEST(SamplingTest, DistributionsMatchTransformers) {
  std::ifstream file(kGolden);
  ASSERT_TRUE(file) << kGolden;
  const nlohmann::json golden = nlohmann::json::parse(file);
  const auto logits = golden["logits"].get<std::vector<float>>();
  constexpr int kDraws = 40000;
  for (const auto& c : golden["cases"]) {
    SCOPED_TRACE(c["params"].dump());
    Sampler sampler({.temperature = c["params"]["temperature"],
                     .top_p = c["params"]["top_p"],
                     .top_k = c["params"]["top_k"],
                     .seed = 1});
    std::map<TokenId, int> counts;
    for (int i = 0; i < kDraws; ++i) ++counts[sampler.Sample(logits)];
    const auto expected = c["probabilities"].get<std::vector<double>>();
    double chi_square = 0.0;
    int degrees = -1;
    for (size_t id = 0; id < expected.size(); ++id) {
      const int count = counts[static_cast<TokenId>(id)];
      if (expected[id] == 0.0) {
        EXPECT_EQ(count, 0) << "token " << id << " is filtered out";
        continue;
      }
      const double mean = expected[id] * kDraws;
      chi_square += (count - mean) * (count - mean) / mean;
      ++degrees;
    }
    EXPECT_LT(chi_square, degrees + 5.0 * std::sqrt(2.0 * degrees) + 5.0);
  }
}

TEST(SamplingTest, SmallestTopPKeepsTheBestToken) {
  Sampler sampler({.temperature = 1.0F, .top_p = 1e-6F, .seed = 9});
  for (int i = 0; i < 50; ++i) EXPECT_EQ(sampler.Sample({0.0F, 1.0F, 0.9F}), 1);
}

TEST(SamplingTest, NaNIsNeverChosen) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Sampler greedy({});
  EXPECT_EQ(greedy.Sample({nan, 1.0F, nan}), 1);
  Sampler sampler({.temperature = 1.0F, .top_p = 0.9F, .seed = 9});
  for (int i = 0; i < 50; ++i) EXPECT_NE(sampler.Sample({1.0F, nan, 1.0F}), 1);
}

TEST(SamplingTest, BadParametersAreReported) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::pair<SamplingParams, const char*>> cases = {
      {{.temperature = -0.1F}, "temperature is -0.1"},
      {{.temperature = 2.1F}, "temperature is 2.1"},
      {{.temperature = nan}, "temperature is nan"},
      {{.top_p = 7.0F}, "top_p is 7"},
      {{.top_p = 0.0F}, "top_p is 0"},
      {{.top_k = -1}, "top_k is -1"},
  };
  for (const auto& [params, message] : cases) {
    const absl::Status status = ValidateSampling(params);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(message));
  }
  EXPECT_TRUE(ValidateSampling({.temperature = 2.0F, .top_p = 1.0F, .top_k = 40}).ok());
}

}  // namespace
}  // namespace assay::engine
