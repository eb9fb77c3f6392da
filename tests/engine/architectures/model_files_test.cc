// Configurations: defaults of missing keys, and errors.
#include "engine/architectures/model_files.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "tests/engine/architectures/configs.h"

namespace assay::engine {
namespace {

TEST(ModelFilesTest, ValidConfigurationIsRead) {
  const auto config = ReadModelConfig(Config("llama"), kPath);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->spec.layers, 4);
  EXPECT_EQ(config->spec.attention.head_dim, 12);
  const auto nested =
      ReadModelConfig({{"model_type", "gemma3"}, {"text_config", Config("gemma3_text")}}, kPath);
  ASSERT_TRUE(nested.ok()) << nested.status();
  EXPECT_EQ(nested->spec.hidden, 48);
}

// tests/golden/architectures/make_config_defaults.py writes the defaults of transformers.
TEST(ModelFilesTest, MissingKeysHaveTheDefaultsOfTransformers) {
  std::ifstream file("tests/golden/architectures/config_defaults.json");
  const Json cases = Json::parse(file);
  EXPECT_GT(cases.size(), 10);
  for (const Json& c : cases) {
    SCOPED_TRACE(c["name"].get<std::string>());
    const auto config = ReadModelConfig(c["config"], kPath);
    ASSERT_TRUE(config.ok()) << config.status();
    const ModelSpec& spec = config->spec;
    const Json& expected = c["means"];
    EXPECT_EQ(spec.layers, expected["layers"].get<int64_t>());
    EXPECT_EQ(spec.hidden, expected["hidden"].get<int64_t>());
    EXPECT_EQ(spec.feed_forward.width, expected["width"].get<int64_t>());
    EXPECT_EQ(spec.vocab, expected["vocab"].get<int64_t>());
    EXPECT_EQ(spec.context_length, expected["context"].get<int64_t>());
    EXPECT_EQ(spec.attention.heads, expected["heads"].get<int64_t>());
    EXPECT_EQ(spec.attention.kv_heads, expected["kv_heads"].get<int64_t>());
    EXPECT_EQ(spec.attention.head_dim, expected["head_dim"].get<int64_t>());
    EXPECT_DOUBLE_EQ(spec.attention.scale, expected["scale"].get<double>());
    EXPECT_EQ(spec.attention.softcap, expected["softcap"].get<double>());
    EXPECT_EQ(spec.logit_softcap, expected["logit_softcap"].get<double>());
    EXPECT_EQ(spec.attention.window, expected["window"].get<int64_t>());
    EXPECT_EQ(std::count(spec.attention.windowed_layers.begin(),
                         spec.attention.windowed_layers.end(), true),
              expected["windowed_layers"].get<int64_t>());
  }
}

TEST(ModelFilesTest, UnsupportedFeaturesAreNamed) {
  constexpr auto kUnimplemented = absl::StatusCode::kUnimplemented;
  ExpectRefused(Config("mamba"), {"model_type 'mamba'", "llama"}, kUnimplemented);
  ExpectRefused(With(Config("llama"), "quantization_config", Json::object()),
                {"quantization_config"}, kUnimplemented);
  ExpectRefused(With(Config("llama"), "hidden_act", "mish"), {"\"mish\""}, kUnimplemented);
  ExpectRefused(Scaled({{"rope_type", "spiral"}}), {"\"spiral\""}, kUnimplemented);
}

// Numbers are unsigned in JSON and signed in GGUF files; the bounds must hold for both.
TEST(ModelFilesTest, ValuesOutOfBoundsAreNamed) {
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
  ExpectRefused(With(Config("llama"), "num_key_value_heads", 3), {"4 heads", "3 KV heads"});
}

// Repeated empty lists add no layer: 16 MB of them would take seconds.
TEST(ModelFilesTest, EmptyAttentionTypesAreRefused) {
  const Json good = Json::parse(R"([[["global","local"],2]])");
  EXPECT_TRUE(ReadModelConfig(With(Config("gpt_neo"), "attention_types", good), kPath).ok());
  const Json empty = Json::array({Json::array({Json::array(), 1024}), good[0]});
  ExpectRefused(With(Config("gpt_neo"), "attention_types", empty), {"attention_types"});
}

}  // namespace
}  // namespace assay::engine
