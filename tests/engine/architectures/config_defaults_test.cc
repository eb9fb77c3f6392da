// The meaning of configurations to transformers: missing keys, null keys, and rotary positions.
// tests/golden/architectures/make_config_defaults.py writes the expectations.
#include <cmath>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/architectures/model_files.h"
#include "gtest/gtest.h"
#include "tests/engine/architectures/configs.h"
#include "tests/engine/architectures/spec_json.h"

namespace assay::engine {
namespace {

constexpr double kTolerance = 1e-6;

// transformers has several names of one activation.
std::string Canonical(const std::string& name) {
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast") return "gelu_tanh";
  return name;
}

// Expects that `actual` has every member of `expected`; numbers may differ by rounding.
void ExpectMembers(const Json& expected, const Json& actual, const std::string& name) {
  if (expected.is_object()) {
    ASSERT_TRUE(actual.is_object()) << name;
    for (const auto& [key, value] : expected.items()) {
      if (!value.is_null()) ExpectMembers(value, actual[key], absl::StrCat(name, ".", key));
    }
  } else if (expected.is_number() && actual.is_number()) {
    const auto value = expected.get<double>();
    EXPECT_NEAR(actual.get<double>(), value, std::abs(value) * kTolerance) << name;
  } else if (expected.is_string()) {
    EXPECT_EQ(actual, Canonical(expected.get<std::string>())) << name;
  } else {
    EXPECT_EQ(actual, expected) << name;
  }
}

void ExpectMeans(const Json& config, const Json& means) {
  SCOPED_TRACE(config.dump());
  const auto read = ReadModelConfig(config, kPath);
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectMembers(means, ToJson(read->spec), "spec");
}

TEST(ConfigDefaultsTest, ConfigurationsMeanWhatTheyMeanToTransformers) {
  std::ifstream file("tests/golden/architectures/config_defaults.json");
  const Json rows = Json::parse(file);
  EXPECT_GT(rows.size(), 16);
  for (const Json& row : rows) {
    SCOPED_TRACE(row["name"].get<std::string>());
    ExpectMeans(row["config"], row["means"]);
    for (const Json& change : row["cases"]) {
      Json config = row["config"];
      for (const Json& key : change.value("without", Json::array())) {
        config.erase(key.get<std::string>());
      }
      config.update(change.value("with", Json::object()));
      Json means = row["means"];
      means.update(change["means"]);
      ExpectMeans(config, means);
    }
  }
}

}  // namespace
}  // namespace assay::engine
