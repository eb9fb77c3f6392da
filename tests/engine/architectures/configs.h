// Configurations for tests, and the expectation that one is refused.
#ifndef ASSAY_TESTS_ENGINE_ARCHITECTURES_CONFIGS_H_
#define ASSAY_TESTS_ENGINE_ARCHITECTURES_CONFIGS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/architectures/model_files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

using Json = nlohmann::json;

inline constexpr char kPath[] = "some/config.json";

// A minimal configuration of a model type.
inline Json Config(const std::string& type) {
  return {{"model_type", type},          {"hidden_size", 48},      {"max_position_embeddings", 128},
          {"num_attention_heads", 4},    {"num_hidden_layers", 4}, {"vocab_size", 300},
          {"layer_norm_epsilon", 1e-05}, {"rms_norm_eps", 1e-06}};
}

inline Json With(Json config, const std::string& key, const Json& value) {
  config[key] = value;
  return config;
}

// A Llama with scaled positions.
inline Json Scaled(const Json& parameters) {
  return With(Config("llama"), "rope_parameters", parameters);
}

// Expects that the configuration is refused with `code` and a message with the path and each of
// `parts`.
inline void ExpectRefused(const Json& config, const std::vector<std::string>& parts,
                          absl::StatusCode code = absl::StatusCode::kDataLoss) {
  const absl::Status status = ReadModelConfig(config, kPath).status();
  EXPECT_EQ(status.code(), code) << status;
  const std::string message(status.message());
  EXPECT_THAT(message, testing::HasSubstr(std::string(kPath) + ": "));
  for (const std::string& part : parts) EXPECT_THAT(message, testing::HasSubstr(part));
}

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_ARCHITECTURES_CONFIGS_H_
