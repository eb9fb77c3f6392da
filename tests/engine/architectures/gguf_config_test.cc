// Hyperparameters from the metadata of GGUF files.
#include "engine/architectures/gguf_config.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/architectures/model_files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/architectures/gguf_model.h"
#include "tests/engine/formats/gguf_bytes.h"
#include "tests/patience.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
constexpr auto kUnimplemented = absl::StatusCode::kUnimplemented;

// A vector with one entry per layer would not fit into memory.
TEST(GgufConfigTest, HyperparametersOutOfBoundsAreErrors) {
  for (const uint32_t layers : {1025U, 1U << 31U}) {
    GgufModel("gemma2")
        .Set("block_count", layers)
        .ExpectRefused(kDataLoss, {"gemma2.block_count is " + std::to_string(layers)});
  }
  GgufModel("llama")
      .Set("attention.layer_norm_rms_epsilon", -1.0)
      .ExpectRefused(kDataLoss, {"llama.attention.layer_norm_rms_epsilon is -1"});
}

// Copying the factors of LongRoPE before checking their number would fill the memory.
TEST(GgufConfigTest, RopeFactorsAreCountedBeforeTheyAreCopied) {
  constexpr uint64_t kMax = uint64_t{1} << 19;
  GgufModel metadata("phi3");
  metadata.Tensor("rope_factors_short.weight", std::vector<float>(kMax + 1));
  metadata.Tensor("rope_factors_long.weight", std::vector<float>(kMax + 1));
  const absl::Time start = absl::Now();
  metadata.ExpectRefused(kDataLoss, {"tensor rope_factors_short.weight has"});
  EXPECT_LT(absl::Now() - start, Patience(absl::Seconds(1)));
}

TEST(GgufConfigTest, KeysThatLlamaCppRequiresAreRequired) {
  for (const char* key : {"block_count", "embedding_length", "context_length",
                          "feed_forward_length", "attention.head_count"}) {
    for (const char* architecture : {"llama", "gemma2", "gpt2"}) {
      GgufModel(architecture)
          .Set(key, Json())
          .ExpectRefused(kDataLoss,
                         {"the key " + std::string(architecture) + "." + key + " is missing"});
    }
  }
  GgufModel("llama")
      .Set("attention.layer_norm_rms_epsilon", Json())
      .Set("attention.layer_norm_epsilon", 0.25)
      .ExpectRefused(kDataLoss, {"llama.attention.layer_norm_rms_epsilon is missing"});
  GgufModel("bloom")
      .Set("attention.layer_norm_epsilon", Json())
      .ExpectRefused(kDataLoss, {"bloom.attention.layer_norm_epsilon is missing"});
  GgufModel("gptneox").ExpectRefused(kDataLoss, {"gptneox.use_parallel_residual is missing"});
}

TEST(GgufConfigTest, MissingKeysHaveTheDefaultsOfLlamaCpp) {
  for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma2", "gemma3", "phi2", "phi3",
                                   "gpt2", "bloom", "stablelm", "smollm3"}) {
    const Json spec = GgufModel(architecture).SpecJson();
    EXPECT_EQ(spec["kv_heads"], 4) << architecture;
    EXPECT_EQ(spec["head_dim"], 16) << architecture;
    EXPECT_EQ(spec["norm_epsilon"], 0.25) << architecture;
    EXPECT_EQ(spec["context"], 128) << architecture;
    EXPECT_EQ(spec["window"], architecture == std::string("gemma2") ? 4096 : 0) << architecture;
  }
  EXPECT_EQ(GgufModel("gemma2").SpecJson()["softcap"], 50.0);
  EXPECT_EQ(GgufModel("gemma2").SpecJson()["logit_softcap"], 30.0);
  EXPECT_EQ(GgufModel("gemma3").SpecJson()["logit_softcap"], 0.0);
}

// Some converters write an array for a value that all layers share.
TEST(GgufConfigTest, ArraysOfEqualValuesAreOneValue) {
  for (const char* architecture : {"llama", "gemma3", "falcon"}) {
    GgufModel plain(architecture);
    plain.Set("attention.head_count_kv", 2);
    GgufModel arrays(architecture);
    arrays.Set("attention.head_count_kv", {2, 2, 2, 2})
        .Set("attention.head_count", {4, 4, 4, 4})
        .Set("feed_forward_length", {72, 72, 72, 72});
    EXPECT_EQ(arrays.SpecJson(), plain.SpecJson());
  }
}

TEST(GgufConfigTest, LayersThatDifferAreRefusedByName) {
  GgufModel("llama")
      .Set("attention.head_count_kv", {2, 2, 1, 2})
      .ExpectRefused(kUnimplemented,
                     {"llama.attention.head_count_kv is 2 in layer 0 and 1 in layer 2"});
  GgufModel("llama")
      .Set("feed_forward_length", {72, 72, 72})
      .ExpectRefused(kDataLoss,
                     {"llama.feed_forward_length has 3 entries; llama.block_count is 4"});
  GgufModel("llama")
      .Set("embedding_length", {64, 64, 64, 64})
      .ExpectRefused(kDataLoss, {"llama.embedding_length"});
}

TEST(GgufConfigTest, PatternsOfWindowsAreArraysOrPeriods) {
  const auto windowed = [](const std::string& architecture, const Json& pattern) {
    return GgufModel(architecture)
        .Set("attention.sliding_window", 8)
        .Set("attention.sliding_window_pattern", pattern)
        .SpecJson()["windowed_layers"];
  };
  EXPECT_EQ(windowed("gemma2", Json()), Json({true, false, true, false}));
  EXPECT_EQ(windowed("gemma3", Json()), Json({true, true, true, true}));
  EXPECT_EQ(windowed("gemma3", 3), Json({true, true, false, true}));
  EXPECT_EQ(windowed("gemma2", 0), Json({true, true, true, true}));
  EXPECT_EQ(windowed("gemma2", 1), Json::array());
  EXPECT_EQ(windowed("gemma3", {false, true, true, false}), Json({false, true, true, false}));
  EXPECT_EQ(windowed("gemma3", {0, 1, 1, 0}), Json({false, true, true, false}));
  // Other architectures have windows in the metadata of their converter that llama.cpp ignores.
  EXPECT_EQ(windowed("llama", 2), Json::array());
  EXPECT_EQ(windowed("qwen2", Json()), Json::array());
}

TEST(GgufConfigTest, GemmaWithoutAWindowHasNone) {
  EXPECT_EQ(GgufModel("gemma3").SpecJson()["windowed_layers"], Json::array());
  EXPECT_EQ(GgufModel("gemma3").Set("attention.sliding_window", 0).SpecJson()["window"], 0);
}

TEST(GgufConfigTest, UnsupportedPropertiesAreNamed) {
  const std::vector<std::pair<std::string, Json>> cases = {{"expert_count", 8},
                                                           {"nextn_predict_layers", 1},
                                                           {"attention.causal", false},
                                                           {"attention.key_length_swa", 8},
                                                           {"embedding_length_out", 32}};
  for (const auto& [key, value] : cases) {
    GgufModel("llama")
        .Set("attention.key_length", 16)
        .Set(key, value)
        .ExpectRefused(kUnimplemented, {"llama." + key + " is " + value.dump()});
  }
  const Json plain = GgufModel("llama").SpecJson();
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, Json>>{{"expert_count", 0},
                                                 {"attention.causal", true},
                                                 {"embedding_length_out", 64},
                                                 {"something.unknown", 1}}) {
    EXPECT_EQ(GgufModel("llama").Set(key, value).SpecJson(), plain) << key;
  }
}

TEST(GgufConfigTest, ValuesMustBeAsLongAsKeys) {
  GgufModel("llama")
      .Set("attention.key_length", 32)
      .ExpectRefused(kDataLoss, {"llama.attention.value_length is 16"});
  EXPECT_EQ(GgufModel("llama")
                .Set("attention.key_length", 32)
                .Set("attention.value_length", 32)
                .SpecJson()["head_dim"],
            32);
}

}  // namespace
}  // namespace assay::engine
