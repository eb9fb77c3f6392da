// Tests of evaluator/economics_report: every figure against values computed by hand, and against
// its own formula.
#include "evaluator/economics/economics_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "tests/evaluator/economics/formula.h"

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;

const Figure* Find(const std::vector<Figure>& figures, const std::string& name) {
  for (const Figure& figure : figures) {
    if (figure.name == name) return &figure;
  }
  return nullptr;
}

double ValueOf(const std::vector<Figure>& figures, const std::string& name) {
  const Figure* figure = Find(figures, name);
  if (figure == nullptr || !figure->value) return std::numeric_limits<double>::quiet_NaN();
  return *figure->value;
}

// Each can be computed again from what it prints, and nothing else is in it.
void ExpectSound(const std::vector<Figure>& figures) {
  std::set<std::string> names;
  for (const Figure& figure : figures) {
    SCOPED_TRACE(FigureText(figure));
    EXPECT_TRUE(names.insert(figure.name).second);
    EXPECT_FALSE(figure.unit.empty());
    EXPECT_FALSE(figure.inputs.empty());
    for (const auto& [name, value] : figure.inputs) {
      EXPECT_TRUE(std::isfinite(value)) << name;
      // What is itself a figure has that figure's value, and stands before this one.
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

// 4 requests of 5 s, 3 of them accepted; 100 tokens in and 200 out each.
CandidateUse Use() {
  return {.candidate = "m",
          .requests = 4,
          .scored = 4,
          .accepted = 3,
          .busy_seconds = 20,
          .joules = 720,
          .energy_source = "rapl",
          .prompt_tokens = 400,
          .completion_tokens = 800};
}

EconomicsInputs AllStated() {
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

TEST(EconomicsReportTest, ReproducesTheOriginalSystemsFigures) {
  // 2,031 ms at 20 W and 0.15 $/kWh, against $0.000150 a request, 1000 requests a day.
  const CandidateUse use{.requests = 1, .busy_seconds = 2.031, .energy_source = "stated"};
  const std::vector<Figure> figures = EconomicsReport(EconomicsInputs{}, use);
  ExpectSound(figures);
  const double cost = ValueOf(figures, "cost_usd_per_request");
  EXPECT_NEAR(cost, 0.0000017, 0.5e-7);
  EXPECT_NEAR(cost, 1.6925e-6, 1e-15);
  // It claims 98.6 %; its two figures give 98.9 %.
  const double saved = ValueOf(figures, "savings_ratio");
  EXPECT_NEAR(saved, 0.989, 0.0005);
  EXPECT_GT(std::abs(saved - 0.986), 0.002);
  EXPECT_NEAR(1 - 0.0000017 / 0.000150, 0.989, 0.0005);
  EXPECT_NEAR(ValueOf(figures, "savings_usd_per_year"), 54, 0.5);
}

TEST(EconomicsReportTest, FiguresByHand) {
  const std::vector<Figure> figures = EconomicsReport(AllStated(), Use());
  ExpectSound(figures);
  const std::map<std::string, double> expected = {
      {"busy_seconds_per_request", 5},
      {"energy_joules_per_request", 180},
      // 180 J = 0.00005 kWh
      {"electricity_usd_per_request", 0.00001},
      // 2190 / (2 x 365 x 10 h) = 0.3 an hour
      {"hardware_usd_per_busy_second", 0.3 / 3600},
      {"busy_hours_per_day_needed", 500.0 / 3600},
      {"hardware_usd_per_request", 1.5 / 3600},
      {"cost_usd_per_request", 0.00001 + 1.5 / 3600},
      // 0.001 + 100 x 10e-6 + 200 x 20e-6
      {"hosted_usd_per_request", 0.006},
      {"savings_usd_per_request", 0.00599 - 1.5 / 3600},
      {"savings_ratio", (0.00599 - 1.5 / 3600) / 0.006},
      {"savings_usd_per_day", 0.599 - 150.0 / 3600},
      {"savings_usd_per_year", 218.635 - 54750.0 / 3600},
      // 2190 / 0.00599 = 365609.3...
      {"break_even_requests", 365610},
      {"break_even_days", 3656.1},
      {"piece_value_usd", 20},
      {"roi_per_piece", 20 / (0.00001 + 1.5 / 3600) - 1},
      {"acceptance_rate", 0.75},
      // 1.5 minutes at 40 an hour = 1
      {"cost_usd_per_accepted_piece", (1.00001 + 1.5 / 3600) / 0.75},
      {"roi_per_accepted_piece", 15 / (1.00001 + 1.5 / 3600) - 1},
      {"lead_value_usd_per_accepted_piece", 0.3},
      {"lead_value_usd_per_year", 8212.5}};
  for (const auto& [name, value] : expected) {
    EXPECT_NEAR(ValueOf(figures, name), value, 1e-9 * std::abs(value)) << name;
  }
  EXPECT_EQ(figures.size(), expected.size());
}

TEST(EconomicsReportTest, DeploymentByHand) {
  const std::vector<Figure> figures =
      DeploymentReport(AllStated(), {{"a", 3.6e9}, {"b", 7.2e9}, {"c", 7.2e9}});
  ExpectSound(figures);
  EXPECT_NEAR(ValueOf(figures, "idle_electricity_usd_per_day"), 0.04, 1e-12);
  EXPECT_NEAR(ValueOf(figures, "hardware_usd_per_day"), 3, 1e-12);
  EXPECT_NEAR(ValueOf(figures, "memory_usd_per_day/a"), 0.3, 1e-12);
  EXPECT_NEAR(ValueOf(figures, "memory_usd_per_day/b"), 0.6, 1e-12);
  EXPECT_NEAR(ValueOf(figures, "memory_usd_per_day"), 1.5, 1e-12);
  EXPECT_NEAR(ValueOf(figures, "deployment_usd_per_day"), 1.54, 1e-12);
  EXPECT_NEAR(ValueOf(figures, "deployment_usd_per_model_per_day"), 1.54 / 3, 1e-12);
}

TEST(EconomicsReportTest, WithoutTheMachinesMemoryTheModelsShareAllOfIt) {
  EconomicsInputs inputs = AllStated();
  inputs.machine_memory_gb = 0;
  const std::vector<Figure> figures = DeploymentReport(inputs, {{"a", 1e9}, {"b", 2e9}});
  ExpectSound(figures);
  EXPECT_NEAR(ValueOf(figures, "memory_usd_per_day/a"), 1, 1e-12);
  EXPECT_NEAR(ValueOf(figures, "memory_usd_per_day"), 3, 1e-12);
}

// Three candidates of two models are not three models in memory.
TEST(EconomicsReportTest, AModelOfSeveralCandidatesIsDeployedOnce) {
  EvaluationPlan plan;
  plan.models = {{.name = "m1", .model = "m1"},
                 {.name = "m1.terse", .model = "m1", .system = "Be brief."},
                 {.name = "m2.warm", .model = "m2"},
                 {.name = "dead", .model = "dead"}};
  std::vector<Summary> summaries;
  for (const char* name : {"m1", "m1.terse", "m2.warm", "dead"}) {
    Summary summary;
    summary.model = name;
    summary.resident_bytes = summary.model == "dead" ? 0 : 1'000'000'000;
    summaries.push_back(summary);
    summary.content_type = "blog";
    summaries.push_back(summary);
  }
  const std::vector<DeployedModel> deployed = DeployedModels(plan, summaries);
  ASSERT_EQ(deployed.size(), 2U);
  EXPECT_EQ(deployed[0].name, "m1");
  EXPECT_EQ(deployed[1].name, "m2");
  EXPECT_EQ(ValueOf(DeploymentReport(AllStated(), deployed), "memory_usd_per_day"),
            2 * ValueOf(DeploymentReport(AllStated(), {{"m1", 1e9}}), "memory_usd_per_day"));
}

TEST(EconomicsReportTest, NothingStatedOrMeasuredIsNothingReported) {
  EXPECT_TRUE(EconomicsReport(AllStated(), CandidateUse{}).empty());
  EXPECT_TRUE(DeploymentReport(AllStated(), {}).empty());
  EXPECT_TRUE(DeploymentReport(EconomicsInputs{}, {{"a", 1e9}}).empty());
  const std::vector<Figure> figures = EconomicsReport(EconomicsInputs{}, Use());
  for (const char* unstated :
       {"hardware_usd_per_request", "break_even_requests", "lead_value_usd_per_year"}) {
    EXPECT_EQ(Find(figures, unstated), nullptr) << unstated;
  }
  CandidateUse unscored = Use();
  unscored.scored = unscored.accepted = 0;
  EXPECT_EQ(Find(EconomicsReport(AllStated(), unscored), "acceptance_rate"), nullptr);
}

TEST(EconomicsReportTest, NeverIsAbsentNotInfinite) {
  EconomicsInputs inputs = AllStated();
  inputs.hosted = {.name = "free"};
  CandidateUse use = Use();
  use.accepted = 0;
  const std::vector<Figure> figures = EconomicsReport(inputs, use);
  ExpectSound(figures);
  const Figure* never = Find(figures, "break_even_requests");
  ASSERT_NE(never, nullptr);
  EXPECT_EQ(never->value, std::nullopt);
  EXPECT_THAT(never->note, HasSubstr("never"));
  EXPECT_THAT(FigureText(*never), HasSubstr("break_even_requests = none = ceil("));
  EXPECT_EQ(Find(figures, "break_even_days"), nullptr);
  EXPECT_EQ(Find(figures, "savings_ratio"), nullptr);
  EXPECT_EQ(Find(figures, "roi_per_accepted_piece"), nullptr);
  EXPECT_LT(ValueOf(figures, "savings_usd_per_request"), 0);
}

TEST(EconomicsReportTest, WhatAPieceIsWorthIsTakenInOrder) {
  EconomicsInputs inputs = AllStated();
  inputs.value_usd_per_piece = 7;
  inputs.human_usd_per_piece = 9;
  const auto value = [&inputs] {
    const std::vector<Figure> figures = EconomicsReport(inputs, Use());
    ExpectSound(figures);
    return ValueOf(figures, "piece_value_usd");
  };
  EXPECT_DOUBLE_EQ(value(), 7);
  inputs.value_usd_per_piece = 0;
  EXPECT_DOUBLE_EQ(value(), 9);
  inputs.human_usd_per_piece = 0;
  EXPECT_DOUBLE_EQ(value(), 20);
  inputs.human_usd_per_hour = 0;
  EXPECT_DOUBLE_EQ(value(), 0.006);
}

TEST(EconomicsReportTest, StatedEnergyIsWattsTimesBusyTime) {
  CandidateUse use = Use();
  use.energy_source = "stated";
  const std::vector<Figure> figures = EconomicsReport(AllStated(), use);
  ExpectSound(figures);
  EXPECT_DOUBLE_EQ(ValueOf(figures, "energy_joules_per_request"), 250);
  EXPECT_THAT(Find(figures, "energy_joules_per_request")->note, HasSubstr("not measured"));
}

TEST(EconomicsReportTest, HoldsForAnyInputs) {
  std::mt19937_64 random(7);
  // From 0 over small and everyday to what overflows.
  const auto draw = [&random] {
    const double exponent = std::uniform_real_distribution<double>(-12, 12)(random);
    switch (random() % 6) {
      case 0:
        return 0.0;
      case 1:
        return 1e308;
      default:
        return std::pow(10, exponent);
    }
  };
  for (int i = 0; i < 2000; ++i) {
    const EconomicsInputs inputs{.power_watts = draw(),
                                 .electricity_usd_per_kwh = draw(),
                                 .api_usd_per_request = draw(),
                                 .value_usd_per_piece = draw(),
                                 .requests_per_day = static_cast<int>(random() % 3) * 1000,
                                 .hosted = {.name = random() % 2 == 0 ? "" : "x",
                                            .usd_per_million_input_tokens = draw(),
                                            .usd_per_million_output_tokens = draw(),
                                            .usd_per_request = draw()},
                                 .hardware_usd = draw(),
                                 .human_usd_per_piece = draw(),
                                 .human_minutes_per_piece = draw(),
                                 .human_usd_per_hour = draw(),
                                 .review_minutes_per_piece = draw(),
                                 .leads_per_1000_pieces = draw(),
                                 .usd_per_lead = draw(),
                                 .idle_power_watts = draw(),
                                 .machine_memory_gb = draw()};
    CandidateUse use = Use();
    use.busy_seconds = draw();
    use.joules = draw();
    use.energy_source = random() % 2 == 0 ? "stated" : "nvml";
    use.accepted = static_cast<int>(random() % 5);
    ExpectSound(EconomicsReport(inputs, use));
    ExpectSound(DeploymentReport(inputs, {{"a", draw()}, {"b", draw()}}));
    if (HasFailure()) return;
  }
}

TEST(EconomicsReportTest, CostIsLinearInWattsAndSavingsArePriceLessCost) {
  CandidateUse use = Use();
  use.energy_source = "stated";
  EconomicsInputs inputs = AllStated();
  inputs.hardware_usd = 0;
  for (const double watts : {1.0, 20.0, 333.0}) {
    inputs.power_watts = watts;
    const std::vector<Figure> once = EconomicsReport(inputs, use);
    inputs.power_watts = 2 * watts;
    const std::vector<Figure> twice = EconomicsReport(inputs, use);
    EXPECT_DOUBLE_EQ(ValueOf(twice, "cost_usd_per_request"),
                     2 * ValueOf(once, "cost_usd_per_request"));
    EXPECT_DOUBLE_EQ(
        ValueOf(once, "savings_usd_per_request"),
        ValueOf(once, "hosted_usd_per_request") - ValueOf(once, "cost_usd_per_request"));
  }
}

Sample Measured(double busy_ms, Energy energy, std::optional<double> score) {
  Sample sample;
  sample.model = "m";
  sample.generation.queue_ms = 500;
  sample.generation.total_ms = busy_ms + 500;
  sample.generation.prompt_tokens = 10;
  sample.generation.completion_tokens = 20;
  sample.energy = std::move(energy);
  sample.quality_score = score;
  return sample;
}

TEST(UseOfTest, SumsTheSuccessfulSamples) {
  const EconomicsInputs inputs{.acceptance_threshold = 6};
  const Sample good = Measured(1000, {30, "rapl"}, 6);
  const Sample poor = Measured(3000, {50, "rapl"}, 5.99);
  const Sample unscored = Measured(2000, {40, "rapl"}, std::nullopt);
  Sample failed = Measured(9000, {900, "rapl"}, std::nullopt);
  failed.error = "INTERNAL: broken";
  const CandidateUse use = UseOf(inputs, {&good, &poor, &failed, &unscored});
  EXPECT_EQ(use.candidate, "m");
  EXPECT_EQ(use.requests, 3);
  EXPECT_EQ(use.scored, 2);
  EXPECT_EQ(use.accepted, 1);
  EXPECT_DOUBLE_EQ(use.busy_seconds, 6);
  EXPECT_DOUBLE_EQ(use.joules, 120);
  EXPECT_EQ(use.energy_source, "rapl");
  EXPECT_DOUBLE_EQ(use.prompt_tokens, 30);
  EXPECT_DOUBLE_EQ(use.completion_tokens, 60);
}

TEST(UseOfTest, SamplesWithoutEnergyCountWithStatedWatts) {
  const EconomicsInputs inputs{.power_watts = 10};
  const Sample measured = Measured(1000, {30, "rapl"}, 6);
  const Sample old = Measured(2000, {}, 6);
  EXPECT_EQ(UseOf(inputs, {&old}).energy_source, "stated");
  const CandidateUse use = UseOf(inputs, {&measured, &old, &measured});
  EXPECT_EQ(use.energy_source, "mixed");
  EXPECT_DOUBLE_EQ(use.joules, 80);
  ExpectSound(EconomicsReport(inputs, use));
}

}  // namespace
}  // namespace assay::evaluator
