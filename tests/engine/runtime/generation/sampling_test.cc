// The expected distributions are from tests/golden/runtime/make_sampling.py.
#include "engine/runtime/generation/sampling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
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

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Every way to choose a token: greedy, from all, with one filter, with several.
std::vector<SamplingParams> EveryPath(float temperature) {
  return {{.temperature = temperature},
          {.temperature = temperature, .top_p = 0.9F},
          {.temperature = temperature, .top_k = 2},
          {.temperature = temperature, .top_p = 0.9F, .top_k = 2},
          {.temperature = temperature, .min_p = 0.1F},
          {.temperature = temperature, .typical_p = 0.9F},
          {.temperature = temperature, .min_p = 0.1F, .logit_bias = {{.token = 0, .bias = -1.0F}}}};
}

// Returns the logits of the golden file, which has null for minus infinity.
std::vector<float> Row(const nlohmann::json& values) {
  std::vector<float> row;
  for (const auto& value : values) row.push_back(value.is_null() ? -kInfinity : value.get<float>());
  return row;
}

TEST(SamplingTest, GreedyChoosesTheLowestIdOfEqualLogits) {
  for (const float temperature : {0.0F, 1e-45F, 1e-40F, 9e-6F}) {
    Sampler sampler({.temperature = temperature});
    EXPECT_EQ(*sampler.Sample({1.0F, 3.0F, 3.0F, -1.0F}), 1) << temperature;
  }
}

TEST(SamplingTest, TinyTemperaturesAreGreedyInALargeVocabulary) {
  std::mt19937 random(4);
  std::normal_distribution<float> normal(0.0F, 4.0F);
  std::vector<float> logits(50000);
  for (float& logit : logits) logit = normal(random);
  const auto best =
      static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  for (const float temperature : {1e-45F, 1e-40F, 1e-30F, 1e-6F, 1e-5F, 1e-4F}) {
    for (const SamplingParams& params : EveryPath(temperature)) {
      Sampler sampler(params);
      for (int i = 0; i < 20; ++i) EXPECT_EQ(*sampler.Sample(logits), best) << temperature;
    }
  }
}

TEST(SamplingTest, TopKOfOneIsGreedy) {
  Sampler sampler({.temperature = 2.0F, .top_k = 1, .seed = 3});
  for (int i = 0; i < 50; ++i) EXPECT_EQ(*sampler.Sample({0.0F, 0.1F, 0.2F, 0.1F}), 2);
}

TEST(SamplingTest, SameSeedGivesTheSameTokens) {
  const std::vector<float> logits(1000, 0.5F);
  const auto draw = [&](uint64_t seed) {
    Sampler sampler({.temperature = 1.0F, .top_p = 0.9F, .seed = seed});
    std::vector<TokenId> tokens;
    for (int i = 0; i < 20; ++i) tokens.push_back(*sampler.Sample(logits));
    return tokens;
  };
  EXPECT_EQ(draw(5), draw(5));
  EXPECT_NE(draw(5), draw(6));
}

TEST(SamplingTest, TheFirstDrawIsTheSameOnEveryPlatform) {
  std::mt19937_64 random(42);
  const double uniform = static_cast<double>(random() >> 11) / 9007199254740992.0;
  Sampler sampler({.temperature = 1.0F, .seed = 42});
  EXPECT_EQ(*sampler.Sample(std::vector<float>(1000, 0.0F)), static_cast<TokenId>(uniform * 1000));
}

TEST(SamplingTest, DistributionsMatchTransformers) {
  std::ifstream file(kGolden);
  ASSERT_TRUE(file) << kGolden;
  const nlohmann::json golden = nlohmann::json::parse(file);
  constexpr int kDraws = 40000;
  for (const auto& c : golden["cases"]) {
    SCOPED_TRACE(c["row"].dump() + c["params"].dump());
    const std::vector<float> logits = Row(golden["rows"][c["row"].get<std::string>()]);
    Sampler sampler({.temperature = c["params"]["temperature"],
                     .top_p = c["params"]["top_p"],
                     .top_k = c["params"]["top_k"],
                     .min_p = c["params"].value("min_p", 0.0F),
                     .typical_p = c["params"].value("typical_p", 1.0F),
                     .seed = 1});
    std::map<TokenId, int> counts;
    for (int i = 0; i < kDraws; ++i) ++counts[*sampler.Sample(logits)];
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
  for (const float top_p : {1e-6F, 1.17549435e-38F, std::numeric_limits<float>::denorm_min()}) {
    Sampler sampler({.temperature = 1.0F, .top_p = top_p, .seed = 9});
    for (int i = 0; i < 50; ++i) EXPECT_EQ(*sampler.Sample({0.0F, 1.0F, 0.9F}), 1) << top_p;
  }
}

TEST(SamplingTest, LogitsThatAreNoDistributionAreRefused) {
  // A vector of the kernels has at most 16 values; the rest of a row is computed apart.
  for (const size_t size : {1U, 3U, 16U, 37U}) {
    for (const float temperature : {0.0F, 1e-40F, 1.0F, 2.0F}) {
      for (const SamplingParams& params : EveryPath(temperature)) {
        Sampler sampler(params);
        const auto refused = [&](const std::vector<float>& logits) {
          return sampler.Sample(logits).status() == LogitsNotFinite();
        };
        for (size_t i = 0; i < size; ++i) {
          std::vector<float> logits(size, 1.0F);
          logits[i] = kNan;
          EXPECT_TRUE(refused(logits)) << "NaN at " << i << " of " << size;
          logits[i] = kInfinity;
          EXPECT_TRUE(refused(logits)) << "infinity at " << i << " of " << size;
        }
        EXPECT_TRUE(refused(std::vector<float>(size, -kInfinity)));
        EXPECT_TRUE(refused({}));
      }
    }
  }
}

TEST(SamplingTest, BadParametersAreReported) {
  const std::vector<std::pair<SamplingParams, const char*>> cases = {
      {{.temperature = -0.1F}, "temperature is -0.1"},
      {{.temperature = 2.1F}, "temperature is 2.1"},
      {{.temperature = kNan}, "temperature is nan"},
      {{.temperature = kInfinity}, "temperature is inf"},
      {{.temperature = -1e-45F}, "temperature is -1e-45"},
      {{.temperature = 2.0000002F}, "temperature is 2.0000002"},
      {{.top_p = kNan}, "top_p is nan"},
      {{.top_p = 1.0000001F}, "top_p is 1.0000001"},
      {{.top_p = 7.0F}, "top_p is 7"},
      {{.top_p = 0.0F}, "top_p is 0"},
      {{.top_k = -1}, "top_k is -1"},
      {{.min_p = 1.5F}, "min_p is 1.5"},
      {{.min_p = kNan}, "min_p is nan"},
      {{.typical_p = 0.0F}, "typical_p is 0"},
      {{.repetition_penalty = 0.0F}, "repetition_penalty is 0"},
      {{.repetition_penalty = kInfinity}, "repetition_penalty is inf"},
      {{.presence_penalty = 2.5F}, "presence_penalty is 2.5"},
      {{.frequency_penalty = kNan}, "frequency_penalty is nan"},
      {{.logit_bias = {{.token = -3, .bias = 1.0F}}}, "logit_bias has token -3"},
      {{.logit_bias = {{.token = 3, .bias = 101.0F}}}, "logit_bias of token 3 is 101"},
      {{.logit_bias = {{.token = 3}, {.token = 4}, {.token = 3}}}, "token 3 twice"},
      {{.min_tokens = -1}, "min_tokens is -1"},
      {{.log_probabilities = 21}, "log_probabilities is 21"},
  };
  for (const auto& [params, message] : cases) {
    const absl::Status status = ValidateSampling(params);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(message));
  }
  const SamplingParams biased = {.logit_bias = {{.token = 99, .bias = 1.0F}}};
  EXPECT_TRUE(ValidateSampling(biased).ok());
  EXPECT_TRUE(ValidateSampling(biased, 100).ok());
  EXPECT_THAT(ValidateSampling(biased, 99).message(), HasSubstr("the model's tokens are 0 to 98"));
  EXPECT_TRUE(ValidateSampling({.temperature = 2.0F, .top_p = 1.0F, .top_k = 40}).ok());
  EXPECT_TRUE(ValidateSampling({.temperature = 1e-45F, .top_p = 1e-45F, .top_k = 1 << 30}).ok());
}

}  // namespace
}  // namespace assay::engine
