// Rotary positions in configurations.
#include <string>
#include <vector>

#include "engine/architectures/model_files.h"
#include "gtest/gtest.h"
#include "tests/engine/architectures/configs.h"

namespace assay::engine {
namespace {

// The quotient of such scales would be negative or infinite.
TEST(RopeConfigTest, NegativeYarnScalesAreRefused) {
  for (const char* key : {"mscale", "mscale_all_dim"}) {
    Json parameters = {
        {"rope_type", "yarn"}, {"factor", 999'999}, {"mscale", 1.0}, {"mscale_all_dim", 1.0}};
    parameters[key] = -0.9;
    ExpectRefused(Scaled(parameters), {std::string(key) + " is -0.9"});
    parameters[key] = 0;
    EXPECT_TRUE(ReadModelConfig(Scaled(parameters), kPath).ok());
  }
}

// The factors would be infinite in single precision.
TEST(RopeConfigTest, LongRopeFactorsMustFitSinglePrecision) {
  const std::vector<double> good(6, 1.0);
  std::vector<double> bad = good;
  bad.back() = 1e308;
  const auto config = [](const std::vector<double>& factors) {
    return Scaled({{"rope_type", "longrope"}, {"short_factor", factors}, {"long_factor", factors}});
  };
  EXPECT_TRUE(ReadModelConfig(config(good), kPath).ok());
  ExpectRefused(config(bad), {"short_factor is 1e+308"});
}

}  // namespace
}  // namespace assay::engine
