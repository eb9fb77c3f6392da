// Tests of evaluator/economics/economics.
#include "evaluator/economics/economics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;

TEST(EconomicsTest, ReproducesTheOriginalSystemsFigures) {
  const EconomicsInputs inputs;
  const double cost = RequestCost(inputs, absl::Milliseconds(2031));
  EXPECT_NEAR(cost, 0.0000017, 0.00000005);
  EXPECT_NEAR(cost, 0.020 * 2.031 / 3600 * 0.15, 1e-15);

  const Economics economics = ComputeEconomics(inputs, cost);
  EXPECT_NEAR(economics.savings_ratio, 0.989, 0.0005);
  EXPECT_NEAR(economics.savings_usd_per_year, 54, 0.5);
  EXPECT_NEAR(economics.savings_usd_per_day, 0.1483, 0.00005);
  EXPECT_NEAR(economics.roi_per_piece, (0.000150 - cost) / cost, 1e-9);
}

TEST(EconomicsTest, CostGrowsWithTimePowerAndPrice) {
  const EconomicsInputs inputs{.power_watts = 1000, .electricity_usd_per_kwh = 0.4};
  EXPECT_DOUBLE_EQ(RequestCost(inputs, absl::Hours(1)), 0.4);
  EXPECT_DOUBLE_EQ(RequestCost(inputs, absl::Minutes(30)), 0.2);
}

TEST(EconomicsTest, TheStatedValueReplacesTheApiPriceInTheReturn) {
  const EconomicsInputs inputs{.value_usd_per_piece = 5.0};
  EXPECT_DOUBLE_EQ(ComputeEconomics(inputs, 0.5).roi_per_piece, 9.0);
}

TEST(EconomicsTest, ACostAboveThePriceIsALoss) {
  const EconomicsInputs inputs{.api_usd_per_request = 1.0, .requests_per_day = 10};
  const Economics economics = ComputeEconomics(inputs, 4.0);
  EXPECT_DOUBLE_EQ(economics.savings_usd_per_request, -3.0);
  EXPECT_DOUBLE_EQ(economics.savings_ratio, -3.0);
  EXPECT_DOUBLE_EQ(economics.savings_usd_per_year, -10950.0);
  EXPECT_DOUBLE_EQ(economics.roi_per_piece, -0.75);
}

TEST(EconomicsTest, FreeRequestsAndFreeApisHaveRatioZero) {
  EXPECT_EQ(ComputeEconomics(EconomicsInputs{}, 0).roi_per_piece, 0);
  EXPECT_EQ(ComputeEconomics(EconomicsInputs{.api_usd_per_request = 0}, 1).savings_ratio, 0);
}

TEST(EconomicsTest, ValidateNamesTheInputAndItsValue) {
  EXPECT_TRUE(Validate(EconomicsInputs{}).ok());
  const auto message = [](const EconomicsInputs& inputs) {
    const absl::Status status = Validate(inputs);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(message({.power_watts = -1}), HasSubstr("power_watts is -1"));
  EXPECT_THAT(message({.electricity_usd_per_kwh = std::nan("")}),
              HasSubstr("electricity_usd_per_kwh is nan"));
  EXPECT_THAT(message({.api_usd_per_request = std::numeric_limits<double>::infinity()}),
              HasSubstr("api_usd_per_request is inf"));
  EXPECT_THAT(message({.value_usd_per_piece = -0.5}), HasSubstr("value_usd_per_piece is -0.5"));
  EXPECT_THAT(message({.requests_per_day = -7}), HasSubstr("requests_per_day is -7"));
}

}  // namespace
}  // namespace assay::evaluator
