// Rotary positions in the metadata of GGUF files, as llama.cpp reads them.
#include "engine/architectures/gguf_rope.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/architectures/gguf_model.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr char kFactor[] = "rope.scaling.factor";
constexpr char kType[] = "rope.scaling.type";
constexpr char kOld[] = "rope.scale_linear";

Json RopeOf(const std::vector<std::pair<std::string, Json>>& keys,
            const std::string& architecture = "llama") {
  GgufModel metadata(architecture);
  for (const auto& [key, value] : keys) metadata.Set(key, value);
  return metadata.SpecJson()["rope"];
}

// llama.cpp's defaults, which are not those of transformers for the same architecture.
TEST(GgufRopeTest, MissingKeysHaveTheDefaultsOfLlamaCpp) {
  for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma2", "gemma3", "phi2", "phi3",
                                   "gptneox", "stablelm", "smollm3", "falcon"}) {
    GgufModel metadata(architecture);
    if (architecture == std::string("gptneox")) metadata.Set("use_parallel_residual", true);
    const Json rope = metadata.SpecJson()["rope"];
    EXPECT_EQ(rope["base"], 10000.0) << architecture;
    EXPECT_EQ(rope["dim"], 16) << architecture;
    EXPECT_EQ(rope["scaling"], "default") << architecture;
    EXPECT_EQ(rope["attention_factor"], 1.0) << architecture;
  }
}

TEST(GgufRopeTest, LinearScalingHasAnOldKeyAndIsTheDefaultType) {
  const Json linear = RopeOf({{kType, "linear"}, {kFactor, 4.0}});
  EXPECT_EQ(linear["scaling"], "linear");
  EXPECT_EQ(linear["factor"], 4.0);
  EXPECT_EQ(RopeOf({{kOld, 4.0}}), linear);
  EXPECT_EQ(RopeOf({{kFactor, 4.0}}), linear);
  EXPECT_EQ(RopeOf({{kOld, 2.0}, {kFactor, 4.0}}), linear);
  EXPECT_EQ(RopeOf({{kType, "linear"}, {kOld, 4.0}}), linear);
}

TEST(GgufRopeTest, PositionsWithoutAFactorAreNotScaled) {
  const Json plain = RopeOf({});
  EXPECT_EQ(RopeOf({{kType, "linear"}}), plain);
  EXPECT_EQ(RopeOf({{kType, "none"}, {kFactor, 4.0}}), plain);
  EXPECT_EQ(RopeOf({{kType, "longrope"}}), plain);
  EXPECT_EQ(RopeOf({{kFactor, 0.0}, {kOld, 4.0}}), plain);
  EXPECT_EQ(RopeOf({{"rope.scaling.finetuned", true}}), plain);
  EXPECT_EQ(RopeOf({{"rope.scaling.original_context_length", 16}}), plain);
}

TEST(GgufRopeTest, YarnIsReadWithItsOwnKeys) {
  const Json yarn = RopeOf({{kType, "yarn"}, {kFactor, 4.0}});
  EXPECT_EQ(yarn["scaling"], "yarn");
  EXPECT_EQ(yarn["original_context"], 128);
  EXPECT_NEAR(yarn["attention_factor"].get<double>(), 0.1 * std::log(4.0) + 1.0, 1e-6);
  EXPECT_EQ(RopeOf({{kType, "yarn"}, {kOld, 4.0}}), yarn);
  // Without a factor, YaRN changes nothing.
  EXPECT_EQ(RopeOf({{kType, "yarn"}})["factor"], 1.0);
  EXPECT_EQ(RopeOf({{kType, "yarn"}})["attention_factor"], 1.0);
  const Json own = RopeOf({{kType, "yarn"},
                           {kFactor, 4.0},
                           {"rope.scaling.original_context_length", 32},
                           {"rope.scaling.yarn_beta_fast", 8.0},
                           {"rope.scaling.yarn_beta_slow", 2.0},
                           {"rope.scaling.yarn_log_multiplier", 1.0}});
  EXPECT_EQ(own["original_context"], 32);
  EXPECT_EQ(own["beta_fast"], 8.0);
  EXPECT_EQ(own["beta_slow"], 2.0);
  EXPECT_EQ(own["attention_factor"], 1.0);
  EXPECT_EQ(RopeOf({{kType, "yarn"}, {kFactor, 4.0}, {"rope.scaling.yarn_ext_factor", 0.0}}),
            RopeOf({{kFactor, 4.0}}));
}

TEST(GgufRopeTest, TheAttentionFactorCountsForEveryScaling) {
  const std::pair<std::string, Json> factor = {"rope.scaling.attn_factor", 1.25};
  EXPECT_EQ(RopeOf({factor})["attention_factor"], 1.25);
  EXPECT_EQ(RopeOf({{kFactor, 4.0}, factor})["attention_factor"], 1.25);
  EXPECT_NEAR(RopeOf({{kType, "yarn"}, {kFactor, 4.0}, factor})["attention_factor"].get<double>(),
              1.25 * (0.1 * std::log(4.0) + 1.0), 1e-6);
}

TEST(GgufRopeTest, LongRopeHasItsFactorsInTensors) {
  GgufModel metadata("phi3");
  const std::vector<float> factors(8, 1.5F);
  metadata.Set("rope.scaling.original_context_length", 32);
  metadata.Tensor("rope_factors_short.weight", factors);
  metadata.ExpectRefused(absl::StatusCode::kDataLoss, {"rope_factors_long.weight is missing"});
  metadata.Tensor("rope_factors_long.weight", std::vector<float>(8, 2.5F));
  const Json rope = metadata.SpecJson()["rope"];
  EXPECT_EQ(rope["scaling"], "longrope");
  EXPECT_EQ(rope["original_context"], 32);
  EXPECT_EQ(rope["short_factors"], Json(factors));
  // transformers would derive a factor from the two context lengths.
  EXPECT_EQ(rope["attention_factor"], 1.0);
  metadata.Set("rope.scaling.attn_factor", 1.25);
  EXPECT_EQ(metadata.SpecJson()["rope"]["attention_factor"], 1.25);
}

TEST(GgufRopeTest, WindowedLayersHaveTheirOwnBase) {
  GgufModel gemma3("gemma3");
  gemma3.Set("attention.sliding_window", 8).Set("rope.freq_base", 1e6).Set(kFactor, 8.0);
  Json spec = gemma3.SpecJson();
  EXPECT_EQ(spec["rope"]["base"], 1e6);
  EXPECT_EQ(spec["rope"]["scaling"], "linear");
  EXPECT_EQ(spec["window_rope"]["base"], 10000.0);
  EXPECT_EQ(spec["window_rope"]["scaling"], "default");
  EXPECT_EQ(gemma3.Set("rope.freq_base_swa", 500.0).SpecJson()["window_rope"]["base"], 500.0);
  GgufModel gemma2("gemma2");
  EXPECT_FALSE(gemma2.SpecJson().contains("window_rope"));
  EXPECT_EQ(gemma2.Set("rope.freq_base_swa", 500.0).SpecJson()["window_rope"]["base"], 500.0);
}

TEST(GgufRopeTest, UnknownScalingsAreNamed) {
  for (const char* type : {"su", "llama3", "dynamic"}) {
    GgufModel("llama")
        .Set(kType, type)
        .ExpectRefused(absl::StatusCode::kUnimplemented,
                       {"llama.rope.scaling.type is '", type, "yarn"});
  }
  GgufModel("llama")
      .Set(kType, "yarn")
      .Set("rope.scaling.yarn_ext_factor", 0.5)
      .ExpectRefused(absl::StatusCode::kUnimplemented,
                     {"llama.rope.scaling.yarn_ext_factor is 0.5"});
  GgufModel("llama")
      .Set(kFactor, -4.0)
      .ExpectRefused(absl::StatusCode::kDataLoss, {"llama.rope.scaling.factor is -4"});
}

}  // namespace
}  // namespace assay::engine
