// Agreement, rank correlation and isotonic regression against other libraries.
// tests/golden/statistics/make_rating_cases.py makes the cases.
#include "evaluator/stats/agreement.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "evaluator/stats/isotonic.h"
#include "evaluator/stats/quantile.h"
#include "evaluator/stats/unit_bootstrap.h"

namespace assay::evaluator {
namespace {

using Json = nlohmann::json;
using Values = std::vector<double>;

constexpr double kTolerance = 1e-9;

const Json& Cases(const std::string& name) {
  static const auto* const kCases =
      new Json(Json::parse(std::ifstream("tests/golden/statistics/rating_cases.json")));
  return kCases->at(name);
}

TEST(AgreementTest, AlphaIsThatOfKrippendorffsPackage) {
  ASSERT_GE(Cases("alpha").size(), 5U);
  for (const Json& c : Cases("alpha")) {
    const auto units = c["units"].get<std::vector<UnitValues>>();
    EXPECT_NEAR(KrippendorffAlpha(units, ValueLevel::kNominal).value(), c["nominal"], kTolerance);
    EXPECT_NEAR(KrippendorffAlpha(units, ValueLevel::kOrdinal).value(), c["ordinal"], kTolerance);
    EXPECT_NEAR(KrippendorffAlpha(units, ValueLevel::kInterval).value(), c["interval"], kTolerance);
  }
}

TEST(AgreementTest, AlphaOfThePublishedExampleIsTheOneInPrint) {
  const auto units = Cases("alpha")[0]["units"].get<std::vector<UnitValues>>();
  constexpr double kPrinted = 0.0005;
  EXPECT_NEAR(KrippendorffAlpha(units, ValueLevel::kNominal).value(), 0.743, kPrinted);
  EXPECT_NEAR(KrippendorffAlpha(units, ValueLevel::kOrdinal).value(), 0.815, kPrinted);
  EXPECT_NEAR(KrippendorffAlpha(units, ValueLevel::kInterval).value(), 0.849, kPrinted);
}

TEST(AgreementTest, AlphaIsAbsentWhereItIsUndefined) {
  const std::vector<UnitValues> equal = {{3, 3}, {3, 3}};
  EXPECT_FALSE(KrippendorffAlpha(equal, ValueLevel::kInterval).has_value());
  const std::vector<UnitValues> single = {{3}, {4}, {1, 2}};
  EXPECT_FALSE(KrippendorffAlpha(single, ValueLevel::kNominal).has_value());
  EXPECT_FALSE(KrippendorffAlpha({}, ValueLevel::kNominal).has_value());
}

TEST(AgreementTest, KappaIsThatOfScikitLearn) {
  for (const Json& c : Cases("kappa")) {
    const auto a = c["a"].get<Values>();
    const auto b = c["b"].get<Values>();
    EXPECT_NEAR(CohensKappa(a, b, ValueLevel::kNominal).value(), c["nominal"], kTolerance);
    EXPECT_NEAR(CohensKappa(a, b, ValueLevel::kInterval).value(), c["interval"], kTolerance);
  }
  const Values same = {4, 4, 4};
  EXPECT_FALSE(CohensKappa(same, same, ValueLevel::kNominal).has_value());
  EXPECT_FALSE(CohensKappa(same, same, ValueLevel::kInterval).has_value());
}

TEST(AgreementTest, SpearmanIsThatOfScipy) {
  for (const Json& c : Cases("spearman")) {
    EXPECT_NEAR(SpearmanCorrelation(c["a"].get<Values>(), c["b"].get<Values>()).value(), c["rho"],
                kTolerance);
  }
  EXPECT_FALSE(SpearmanCorrelation(Values{1, 1}, Values{1, 2}).has_value());
}

TEST(IsotonicTest, FitIsThatOfScikitLearn) {
  for (const Json& c : Cases("isotonic")) {
    const IsotonicFit fit(c["x"].get<Values>(), c["y"].get<Values>());
    const auto at = c["at"].get<Values>();
    const auto fitted = c["fitted"].get<Values>();
    for (size_t i = 0; i < at.size(); ++i) {
      EXPECT_NEAR(fit(at[i]), fitted[i], kTolerance) << "at " << at[i];
    }
    double points = 0;
    for (const IsotonicBlock& block : fit.blocks()) points += block.weight;
    EXPECT_EQ(points, static_cast<double>(c["x"].size()));
  }
}

TEST(UnitBootstrapTest, IntervalOfTheMeanIsThatOfSciPy) {
  const Values values = {3, 5, 1, 8, 9, 4, 4, 7, 2, 6, 5, 3, 8, 1, 9, 5};
  const auto interval = BootstrapUnits(
      values.size(),
      [&](std::span<const size_t> units) -> std::optional<double> {
        double sum = 0;
        for (const size_t unit : units) sum += values[unit];
        return sum / static_cast<double>(units.size());
      },
      kConfidence, 10000);
  ASSERT_TRUE(interval.has_value());
  // scipy.stats.bootstrap((values,), numpy.mean, n_resamples=200000, method="BCa"). Values differ
  // by steps of 1/16.
  EXPECT_NEAR(interval->low, 3.75, 0.07);
  EXPECT_NEAR(interval->high, 6.25, 0.07);
}

TEST(UnitBootstrapTest, UndefinedStatisticsHaveNoInterval) {
  const UnitStatistic none = [](std::span<const size_t>) { return std::optional<double>(); };
  EXPECT_FALSE(BootstrapUnits(10, none, kConfidence).has_value());
  const UnitStatistic one = [](std::span<const size_t>) { return std::optional<double>(1); };
  EXPECT_FALSE(BootstrapUnits(2, one, kConfidence).has_value());
  const auto constant = BootstrapUnits(5, one, kConfidence);
  EXPECT_EQ(constant->low, 1);
  EXPECT_EQ(constant->high, 1);
}

}  // namespace
}  // namespace assay::evaluator
