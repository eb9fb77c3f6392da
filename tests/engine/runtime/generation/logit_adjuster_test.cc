// The expected values are from tests/golden/runtime/make_sampling.py.
#include "engine/runtime/generation/logit_adjuster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/runtime/generation/log_probabilities.h"
#include "engine/runtime/generation/sampling.h"

namespace assay::engine {
namespace {

constexpr char kGolden[] = "tests/golden/runtime/sampling.json";
constexpr float kInfinity = std::numeric_limits<float>::infinity();

nlohmann::json Golden() {
  std::ifstream file(kGolden);
  EXPECT_TRUE(file) << kGolden;
  return nlohmann::json::parse(file);
}

SamplingParams ParamsOf(const nlohmann::json& json) {
  SamplingParams params{.repetition_penalty = json.value("repetition_penalty", 1.0F),
                        .presence_penalty = json.value("presence_penalty", 0.0F),
                        .frequency_penalty = json.value("frequency_penalty", 0.0F),
                        .min_tokens = json.value("min_tokens", 0)};
  if (!json.contains("logit_bias")) return params;
  for (const auto& [token, bias] : json["logit_bias"].items()) {
    params.logit_bias.push_back({.token = std::stoi(token), .bias = bias.get<float>()});
  }
  return params;
}

TEST(LogitAdjusterTest, AdjustedLogitsMatchTransformers) {
  const nlohmann::json golden = Golden();
  const nlohmann::json& adjustments = golden["adjustments"];
  const auto prompt = adjustments["prompt"].get<std::vector<TokenId>>();
  for (const auto& c : adjustments["cases"]) {
    SCOPED_TRACE(c["params"].dump());
    LogitAdjuster adjuster(ParamsOf(c["params"]), prompt,
                           adjustments["end_tokens"].get<std::vector<TokenId>>());
    EXPECT_TRUE(adjuster.is_active());
    for (const TokenId token : adjustments["generated"]) adjuster.Observe(token);
    auto logits = golden["rows"]["row"].get<std::vector<float>>();
    adjuster.Apply(absl::MakeSpan(logits));
    const int vocab = static_cast<int>(logits.size());
    for (TokenId token = 0; token < vocab; ++token) {
      const auto found = LogProbabilitiesOf(logits, token, vocab);
      ASSERT_TRUE(found.ok()) << found.status();
      const auto& expected = c["log_probabilities"][static_cast<size_t>(token)];
      if (expected.is_null()) {
        EXPECT_EQ(found->chosen.log_probability, -kInfinity) << token;
      } else {
        EXPECT_NEAR(found->chosen.log_probability, expected.get<double>(), 1e-4) << token;
      }
    }
  }
}

TEST(LogitAdjusterTest, NothingIsActiveByDefault) {
  EXPECT_FALSE(LogitAdjuster({}, std::vector<TokenId>{1, 2}, {0}).is_active());
  EXPECT_FALSE(LogitAdjuster({.min_tokens = 3}, {}, {}).is_active());
  EXPECT_TRUE(LogitAdjuster({.min_tokens = 3}, {}, {0}).is_active());
}

TEST(LogitAdjusterTest, IdsOutsideOfTheRowAreLeftOut) {
  LogitAdjuster adjuster(
      {.repetition_penalty = 2.0F, .logit_bias = {{.token = 7, .bias = 1.0F}}, .min_tokens = 1},
      std::vector<TokenId>{1, 9}, {8, 0});
  std::vector<float> logits = {4.0F, 4.0F, 4.0F};
  adjuster.Apply(absl::MakeSpan(logits));
  EXPECT_THAT(logits, testing::ElementsAre(-kInfinity, 2.0F, 4.0F));
}

TEST(SamplerTest, ItsOwnChoicesAreRemembered) {
  // Each token is chosen once before the first one is chosen again.
  Sampler sampler({.presence_penalty = 2.0F});
  const std::vector<float> logits = {1.0F, 0.5F, 0.2F};
  std::vector<TokenId> chosen;
  for (int i = 0; i < 4; ++i) chosen.push_back(*sampler.Sample(logits));
  EXPECT_THAT(chosen, testing::ElementsAre(0, 1, 2, 0));
}

TEST(SamplerTest, TextEndsNotBeforeItsLeastLength) {
  Sampler sampler({.min_tokens = 2}, {}, {1});
  const std::vector<float> logits = {0.0F, 9.0F, 1.0F};
  EXPECT_EQ(*sampler.Sample(logits), 2);
  EXPECT_EQ(*sampler.Sample(logits), 2);
  EXPECT_EQ(*sampler.Sample(logits), 1);
}

TEST(SamplerTest, OnlyPlainGreedyTakesTheLargest) {
  EXPECT_TRUE(Sampler({.top_p = 0.5F}).takes_largest());
  EXPECT_FALSE(Sampler({.temperature = 1.0F}).takes_largest());
  EXPECT_FALSE(Sampler({.log_probabilities = 0}).takes_largest());
  EXPECT_FALSE(Sampler({.frequency_penalty = 1.0F}).takes_largest());
}

TEST(LogProbabilitiesTest, TheMostLikelyAreFirst) {
  const std::vector<float> logits = {1.0F, 3.0F, -kInfinity, 3.0F, 2.0F};
  const auto found = LogProbabilitiesOf(logits, 2, 3);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->chosen.token, 2);
  EXPECT_EQ(found->chosen.log_probability, -kInfinity);
  ASSERT_EQ(found->top.size(), 3);
  EXPECT_EQ(found->top[0].token, 1);
  EXPECT_EQ(found->top[1].token, 3);
  EXPECT_EQ(found->top[2].token, 4);
  const double sum = 2 * std::exp(3.0) + std::exp(2.0) + std::exp(1.0);
  EXPECT_NEAR(found->top[2].log_probability, 2.0 - std::log(sum), 1e-6);
  EXPECT_EQ(LogProbabilitiesOf(logits, 0, 20)->top.size(), logits.size());
  EXPECT_TRUE(LogProbabilitiesOf(logits, 0, 0)->top.empty());
}

TEST(LogProbabilitiesTest, LogitsThatAreNoDistributionAreRefused) {
  for (const float bad : {std::nanf(""), kInfinity}) {
    EXPECT_EQ(LogProbabilitiesOf(std::vector<float>{1.0F, bad}, 0, 1).status(), LogitsNotFinite());
  }
  EXPECT_EQ(LogProbabilitiesOf(std::vector<float>{-kInfinity}, 0, 1).status(), LogitsNotFinite());
}

}  // namespace
}  // namespace assay::engine
