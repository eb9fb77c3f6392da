// Configurations that no model has: what of a config.json is refused, and how it is said.
#include "engine/architectures/model_files.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

constexpr char kPath[] = "some/config.json";

Json Config(const std::string& type) {
  return {{"model_type", type},          {"hidden_size", 48},      {"max_position_embeddings", 128},
          {"num_attention_heads", 4},    {"num_hidden_layers", 4}, {"vocab_size", 300},
          {"layer_norm_epsilon", 1e-05}, {"rms_norm_eps", 1e-06}};
}

Json With(Json config, const std::string& key, const Json& value) {
  config[key] = value;
  return config;
}

Json Scaled(const Json& parameters) { return With(Config("llama"), "rope_parameters", parameters); }

void ExpectRefused(const Json& config, const std::vector<std::string>& parts,
                   absl::StatusCode code = absl::StatusCode::kDataLoss) {
  const absl::Status status = ReadModelConfig(config, kPath).status();
  EXPECT_EQ(status.code(), code) << status;
  const std::string message(status.message());
  EXPECT_THAT(message, HasSubstr(std::string(kPath) + ": "));
  for (const std::string& part : parts) EXPECT_THAT(message, HasSubstr(part));
}

TEST(ModelConfigTest, GoodConfigurationIsRead) {
  const auto config = ReadModelConfig(Config("llama"), kPath);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->spec.layers, 4);
  EXPECT_EQ(config->spec.attention.head_dim, 12);
  const auto nested =
      ReadModelConfig({{"model_type", "gemma3"}, {"text_config", Config("gemma3_text")}}, kPath);
  ASSERT_TRUE(nested.ok()) << nested.status();
  EXPECT_EQ(nested->spec.hidden, 48);
}

// transformers' defaults, where a configuration leaves keys out: tests/golden/architectures/
// make_config_defaults.py.
TEST(ModelConfigTest, MissingKeysMeanWhatTransformersTakesThemFor) {
  std::ifstream file("tests/golden/architectures/config_defaults.json");
  const Json cases = Json::parse(file);
  EXPECT_GT(cases.size(), 10);
  for (const Json& c : cases) {
    SCOPED_TRACE(c["name"].get<std::string>());
    const auto config = ReadModelConfig(c["config"], kPath);
    ASSERT_TRUE(config.ok()) << config.status();
    const ModelSpec& spec = config->spec;
    const Json& means = c["means"];
    EXPECT_EQ(spec.layers, means["layers"].get<int64_t>());
    EXPECT_EQ(spec.hidden, means["hidden"].get<int64_t>());
    EXPECT_EQ(spec.feed_forward.width, means["width"].get<int64_t>());
    EXPECT_EQ(spec.vocab, means["vocab"].get<int64_t>());
    EXPECT_EQ(spec.context_length, means["context"].get<int64_t>());
    EXPECT_EQ(spec.attention.heads, means["heads"].get<int64_t>());
    EXPECT_EQ(spec.attention.kv_heads, means["kv_heads"].get<int64_t>());
    EXPECT_EQ(spec.attention.head_dim, means["head_dim"].get<int64_t>());
    EXPECT_DOUBLE_EQ(spec.attention.scale, means["scale"].get<double>());
    EXPECT_EQ(spec.attention.softcap, means["softcap"].get<double>());
    EXPECT_EQ(spec.logit_softcap, means["logit_softcap"].get<double>());
    EXPECT_EQ(spec.attention.window, means["window"].get<int64_t>());
    EXPECT_EQ(std::count(spec.attention.windowed_layers.begin(),
                         spec.attention.windowed_layers.end(), true),
              means["windowed_layers"].get<int64_t>());
  }
}

TEST(ModelConfigTest, WhatIsNotReadIsNamed) {
  constexpr auto kUnimplemented = absl::StatusCode::kUnimplemented;
  ExpectRefused(Config("mamba"), {"model_type 'mamba'", "llama"}, kUnimplemented);
  ExpectRefused(With(Config("llama"), "quantization_config", Json::object()),
                {"quantization_config"}, kUnimplemented);
  ExpectRefused(With(Config("llama"), "hidden_act", "mish"), {"\"mish\""}, kUnimplemented);
  ExpectRefused(Scaled({{"rope_type", "spiral"}}), {"\"spiral\""}, kUnimplemented);
}

// Numbers are unsigned out of JSON and signed out of GGUF files, whose upper bounds once went by.
TEST(ModelConfigTest, ValuesOutOfBoundsAreNamed) {
  const std::vector<std::pair<std::string, Json>> cases = {
      {"hidden_size", -1},     {"hidden_size", 18446744073709551615U},
      {"hidden_size", 48.5},   {"num_hidden_layers", 1025},
      {"vocab_size", "300"},   {"max_position_embeddings", 0},
      {"rms_norm_eps", 1e308}, {"attention_bias", 1},
  };
  for (const auto& [key, value] : cases) {
    ExpectRefused(With(Config("llama"), key, value),
                  {key + " is ", value.is_number_float() ? "" : value.dump()});
  }
  ExpectRefused(With(Config("llama"), "num_key_value_heads", 3), {"4 heads", "3 key/value heads"});
}

// A quotient of these is negative or infinite.
TEST(ModelConfigTest, YarnScalesBelowZero) {
  for (const char* key : {"mscale", "mscale_all_dim"}) {
    Json parameters = {
        {"rope_type", "yarn"}, {"factor", 999'999}, {"mscale", 1.0}, {"mscale_all_dim", 1.0}};
    parameters[key] = -0.9;
    ExpectRefused(Scaled(parameters), {std::string(key) + " is -0.9"});
    parameters[key] = 0;
    EXPECT_TRUE(ReadModelConfig(Scaled(parameters), kPath).ok());
  }
}

// Infinite in single precision.
TEST(ModelConfigTest, LongRopeFactorsAboveSinglePrecision) {
  const std::vector<double> good(6, 1.0);
  std::vector<double> bad = good;
  bad.back() = 1e308;
  const auto config = [](const std::vector<double>& factors) {
    return Scaled({{"rope_type", "longrope"}, {"short_factor", factors}, {"long_factor", factors}});
  };
  EXPECT_TRUE(ReadModelConfig(config(good), kPath).ok());
  ExpectRefused(config(bad), {"short_factor is 1e+308"});
}

// They make no layer, however often they stand there: 16 MB of them took seconds.
TEST(ModelConfigTest, EmptyAttentionTypes) {
  const Json good = Json::parse(R"([[["global","local"],2]])");
  EXPECT_TRUE(ReadModelConfig(With(Config("gpt_neo"), "attention_types", good), kPath).ok());
  const Json empty = Json::array({Json::array({Json::array(), 1024}), good[0]});
  ExpectRefused(With(Config("gpt_neo"), "attention_types", empty), {"attention_types"});
}

}  // namespace
}  // namespace assay::engine
