// Helpers for the tests of figures.
#ifndef ASSAY_TESTS_EVALUATOR_ECONOMICS_FIGURES_H_
#define ASSAY_TESTS_EVALUATOR_ECONOMICS_FIGURES_H_

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "evaluator/economics/figure.h"
#include "evaluator/records/economics_inputs.h"
#include "tests/evaluator/economics/formula.h"

namespace assay::evaluator {

// Returns the figure of that name, or null.
inline const Figure* Find(const std::vector<Figure>& figures, const std::string& name) {
  for (const Figure& figure : figures) {
    if (figure.name == name) return &figure;
  }
  return nullptr;
}

// Returns the value of the figure of that name, or NaN if there is none.
inline double ValueOf(const std::vector<Figure>& figures, const std::string& name) {
  const Figure* figure = Find(figures, name);
  if (figure == nullptr || !figure->value) return std::numeric_limits<double>::quiet_NaN();
  return *figure->value;
}

// Expects that every figure can be recomputed from its formula and inputs, and has no unused input.
inline void ExpectSound(const std::vector<Figure>& figures) {
  std::set<std::string> names;
  for (const Figure& figure : figures) {
    SCOPED_TRACE(FigureText(figure));
    EXPECT_TRUE(names.insert(figure.name).second);
    EXPECT_FALSE(figure.unit.empty());
    EXPECT_FALSE(figure.inputs.empty());
    for (const auto& [name, value] : figure.inputs) {
      EXPECT_TRUE(std::isfinite(value)) << name;
      // An input that is itself a figure has the value of that figure, which comes earlier.
      if (const Figure* earlier = Find(figures, name)) {
        EXPECT_EQ(earlier->value, value);
        EXPECT_LT(earlier, &figure);
      }
    }
    if (!figure.value) {
      EXPECT_FALSE(figure.note.empty());
      continue;
    }
    EXPECT_TRUE(std::isfinite(*figure.value));
    Formula formula(figure.formula, figure.inputs);
    const double again = formula.Value();
    EXPECT_NEAR(again, *figure.value, 1e-12 * std::abs(again) + 1e-300);
    for (const auto& [name, value] : figure.inputs) EXPECT_TRUE(formula.used().contains(name));
  }
}

// Returns inputs of which all are stated.
inline EconomicsInputs AllStated() {
  return {.power_watts = 50,
          .electricity_usd_per_kwh = 0.2,
          .requests_per_day = 100,
          .hosted = {.name = "a/b",
                     .as_of = "2026-01-31",
                     .usd_per_million_input_tokens = 10,
                     .usd_per_million_output_tokens = 20,
                     .usd_per_request = 0.001},
          .hardware_usd = 2190,
          .hardware_years = 2,
          .busy_hours_per_day = 10,
          .human_minutes_per_piece = 30,
          .human_usd_per_hour = 40,
          .review_minutes_per_piece = 1.5,
          .leads_per_1000_pieces = 5,
          .usd_per_lead = 60,
          .idle_power_watts = 10,
          .idle_hours_per_day = 20,
          .machine_memory_gb = 36};
}

}  // namespace assay::evaluator

#endif  // ASSAY_TESTS_EVALUATOR_ECONOMICS_FIGURES_H_
