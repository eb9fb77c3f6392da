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
