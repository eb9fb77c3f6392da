// Simulated error rates of the tests and intervals: `make nightly` prints the whole table.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "evaluator/stats/clustered.h"
#include "evaluator/stats/mean_test.h"
#include "evaluator/stats/paired.h"

namespace assay::evaluator {
namespace {

using Random = std::mt19937_64;

constexpr double kAlpha = 0.05;
constexpr double kPercent = 100;

// The differences of one experiment, or its pairs. The true mean of the differences is 0.
struct Experiment {
  std::vector<double> baseline;
  std::vector<double> candidate;
  std::vector<int> clusters;
};

double Normal(Random& random) { return std::normal_distribution<double>()(random); }
double Uniform(Random& random) { return std::uniform_real_distribution<double>()(random); }
double Beta(double a, double b, Random& random) {
  const double x = std::gamma_distribution<double>(a)(random);
  const double y = std::gamma_distribution<double>(b)(random);
  return x / (x + y);
}

Experiment Independent(int n, const std::function<double(Random&)>& draw, Random& random) {
  Experiment made;
  for (int i = 0; i < n; ++i) {
    made.baseline.push_back(0);
    made.candidate.push_back(draw(random));
    made.clusters.push_back(i);
  }
  return made;
}

// Half of the variance is between clusters.
Experiment Clustered(const std::vector<int>& sizes, Random& random) {
  Experiment made;
  for (size_t cluster = 0; cluster < sizes.size(); ++cluster) {
    const double shared = Normal(random);
    for (int i = 0; i < sizes[cluster]; ++i) {
      made.baseline.push_back(0);
      made.candidate.push_back(shared + Normal(random));
      made.clusters.push_back(static_cast<int>(cluster));
    }
  }
  return made;
}

// Answers that are right or wrong: both candidates are right on 70 % of the items.
Experiment Answers(int n, Random& random) {
  Experiment made;
  for (int i = 0; i < n; ++i) {
    const bool right = Uniform(random) < 0.7;
    made.baseline.push_back(right ? 1 : 0);
    made.candidate.push_back(Uniform(random) < 0.5   ? made.baseline.back()
                             : Uniform(random) < 0.7 ? 1
                                                     : 0);
    made.clusters.push_back(i);
  }
  return made;
}

struct Population {
  std::string name;
  std::function<Experiment(int n, Random& random)> draw;
};

const std::vector<Population>& Populations() {
  static const auto* const kPopulations = new std::vector<Population>{
      {"normal", [](int n, Random& r) { return Independent(n, Normal, r); }},
      {"skewed (gamma 2, skewness 1.4)",
       [](int n, Random& r) {
         return Independent(
             n, [](Random& x) { return std::gamma_distribution<double>(2)(x) - 2; }, r);
       }},
      {"skewed (exponential, skewness 2)",
       [](int n, Random& r) {
         return Independent(
             n, [](Random& x) { return std::exponential_distribution<double>()(x) - 1; }, r);
       }},
      {"skewed (log-normal, skewness 3.3)",
       [](int n, Random& r) {
         constexpr double kSpread = 0.75;
         return Independent(
             n,
             [](Random& x) {
               return std::exp(kSpread * Normal(x)) - std::exp(kSpread * kSpread / 2);
             },
             r);
       }},
      {"discrete (steps of 0.5, 40 % are 0)",
       [](int n, Random& r) {
         return Independent(
             n,
             [](Random& x) {
               const double u = Uniform(x);
               return u < 0.1 ? -1.0 : u < 0.3 ? -0.5 : u < 0.7 ? 0.0 : u < 0.9 ? 0.5 : 1.0;
             },
             r);
       }},
      {"right or wrong (McNemar)", Answers},
      {"bounded (scores of mean 8, unequal spread)",
       [](int n, Random& r) {
         return Independent(n, [](Random& x) { return 10 * (Beta(8, 2, x) - Beta(2, 0.5, x)); }, r);
       }},
      {"clusters of 1, 2 and 4",
       [](int n, Random& r) {
         std::vector<int> sizes;
         for (int i = 0; i < n; ++i) sizes.push_back(1 << (i % 3));
         return Clustered(sizes, r);
       }},
      {"one cluster of 20, the rest of 1", [](int n, Random& r) {
         std::vector<int> sizes(static_cast<size_t>(n), 1);
         sizes.front() = 20;
         return Clustered(sizes, r);
       }}};
  return *kPopulations;
}

// The percentages of experiments in which the test rejects and in which the interval covers 0.
struct Rates {
  double rejected = 0;
  double covered = 0;
};

Rates Simulate(const Population& population, int n, int experiments) {
  Random random(static_cast<uint64_t>(n));
  Rates rates;
  for (int i = 0; i < experiments; ++i) {
    const Experiment made = population.draw(n, random);
    const PairedResult result = ComparePaired(made.baseline, made.candidate, made.clusters, kAlpha);
    rates.rejected += result.p_value < kAlpha ? 1 : 0;
    rates.covered += result.ci_low <= 0 && result.ci_high >= 0 ? 1 : 0;
  }
  rates.rejected *= kPercent / experiments;
  rates.covered *= kPercent / experiments;
  return rates;
}

// A few cells with margins of about three standard errors of the simulation.
TEST(ErrorRatesTest, HoldInAFewCells) {
  constexpr int kExperiments = 2000;
  for (const size_t cell : {size_t{0}, size_t{2}, size_t{4}, size_t{7}}) {
    const Population& population = Populations()[cell];
    for (const int n : {8, 12}) {
      const Rates rates = Simulate(population, n, kExperiments);
      EXPECT_LE(rates.rejected, 7) << population.name << ", n = " << n;
      // Verdict and interval never contradict each other.
      EXPECT_NEAR(rates.covered, kPercent - rates.rejected, 1e-9) << population.name;
    }
  }
}

// CR2 with Satterthwaite's degrees of freedom. With the usual error and G - 1 degrees of freedom,
// these intervals cover 39 to 83 %.
TEST(ErrorRatesTest, IntervalsOfMeansCoverWithOneLargeCluster) {
  constexpr int kExperiments = 2000;
  Random random(11);
  int covered = 0;
  for (int i = 0; i < kExperiments; ++i) {
    const Experiment made = Clustered({20, 1, 1, 1, 1, 1}, random);
    const ClusteredMean mean = MeanOfClusters(made.candidate, made.clusters, 1 - kAlpha);
    covered += *mean.ci_low <= 0 && *mean.ci_high >= 0 ? 1 : 0;
  }
  EXPECT_GE(kPercent * covered / kExperiments, 93);
}

// Takes some minutes: run by `make nightly`.
TEST(ErrorRatesTest, DISABLED_AllCells) {
  const std::vector<int> sizes = {6, 8, 10, 15, 20, 30, 60};
  std::printf("| Differences |");
  for (const int n : sizes) std::printf(" %d |", n);
  std::printf("\n|---|---|---|---|---|---|---|---|\n");
  for (const Population& population : Populations()) {
    std::printf("| %s |", population.name.c_str());
    for (const int n : sizes) {
      const Rates rates = Simulate(population, n, n <= 10 ? 20'000 : 3'000);
      std::printf(" %.1f |", rates.rejected);
      std::fflush(stdout);
      EXPECT_LE(rates.rejected, 8) << population.name << ", n = " << n;
      EXPECT_NEAR(rates.covered, kPercent - rates.rejected, 1e-9) << population.name;
    }
    std::printf("\n");
  }
}

}  // namespace
}  // namespace assay::evaluator
