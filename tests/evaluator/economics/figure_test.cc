// Tests of evaluator/economics/figure.
#include "evaluator/economics/figure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "evaluator/economics/figure_list.h"

namespace assay::evaluator {
namespace {

TEST(FigureTextTest, HasValueFormulaInputsAndNote) {
  Figure figure{.name = "x",
                .value = 1.5,
                .unit = "USD",
                .formula = "a + b",
                .inputs = {{"a", 1}, {"b", 0.5}}};
  EXPECT_EQ(FigureText(figure), "x = 1.5 USD = a + b with a = 1, b = 0.5");
  figure.value = std::nullopt;
  figure.note = "never";
  EXPECT_EQ(FigureText(figure), "x = none = a + b with a = 1, b = 0.5 (never)");
}

TEST(FigureListTest, FiguresThatAreNotFiniteAreLeftOut) {
  FigureList list;
  list.Add({.name = "good", .value = 2});
  list.Add({.name = "infinite", .value = std::numeric_limits<double>::infinity()});
  list.Add({.name = "input", .value = 2, .inputs = {{"a", std::nan("")}}});
  list.Add({.name = "absent"});
  EXPECT_EQ(list["good"], 2);
  EXPECT_TRUE(std::isnan(list["infinite"]));
  EXPECT_TRUE(std::isnan(list["absent"]));
  const std::vector<Figure> figures = list.Take();
  ASSERT_EQ(figures.size(), 2U);
  EXPECT_EQ(figures[1].name, "absent");
}

}  // namespace
}  // namespace assay::evaluator
