// Implementation of error spending.
#include "evaluator/stats/group_sequential.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/special_functions/legendre.hpp>
#include <cmath>
#include <cstddef>
#include <limits>

namespace assay::evaluator {
namespace {

constexpr int kNodes = 96;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Bounds beyond this cannot be computed from tail probabilities near the precision of a double.
constexpr double kMaxBound = 8;
// Smaller p-values count as this one.
constexpr double kMinP = 1e-14;
constexpr double kBoundTolerance = 1e-10;
constexpr int kMaxSteps = 100;

// The probability that a standard normal value is above x.
double UpperTail(double x) { return std::erfc(x / std::sqrt(2.0)) / 2; }

double UpperQuantile(double tail) {
  return boost::math::quantile(boost::math::complement(boost::math::normal(), tail));
}

double Density(double x) {
  static const double kScale = 1 / std::sqrt(2 * std::acos(-1.0));
  return kScale * std::exp(-x * x / 2);
}

double TwoSidedLevel(double bound) { return 2 * UpperTail(bound); }

struct Rule {
  std::vector<double> nodes;
  std::vector<double> weights;
};

// Returns the Gauss-Legendre rule on [-1, 1].
const Rule& GaussLegendre() {
  static const auto* const kRule = [] {
    auto* rule = new Rule;
    for (const double x : boost::math::legendre_p_zeros<double>(kNodes)) {
      const double slope = boost::math::legendre_p_prime(kNodes, x);
      const double weight = 2 / ((1 - x * x) * slope * slope);
      rule->nodes.push_back(x);
      rule->weights.push_back(weight);
      if (x == 0) continue;
      rule->nodes.push_back(-x);
      rule->weights.push_back(weight);
    }
    return rule;
  }();
  return *kRule;
}

// The distribution of the Brownian motion among the paths that no look has stopped.
class Continuing {
 public:
  // The probability that the path is outside of (-bound, bound) x sqrt(fraction) at `fraction`.
  double ExitProbability(double fraction, double bound) const {
    const double edge = bound * std::sqrt(fraction);
    if (points_.empty()) return TwoSidedLevel(bound);
    const double deviation = std::sqrt(fraction - fraction_);
    double sum = 0;
    for (size_t i = 0; i < points_.size(); ++i) {
      sum += masses_[i] * (UpperTail((edge - points_[i]) / deviation) +
                           UpperTail((edge + points_[i]) / deviation));
    }
    return sum;
  }

  // Moves on to `fraction` with the paths inside of the bound.
  void Advance(double fraction, double bound) {
    const double edge = std::min(bound, kMaxBound) * std::sqrt(fraction);
    std::vector<double> points;
    std::vector<double> masses;
    const Rule& rule = GaussLegendre();
    for (size_t k = 0; k < rule.nodes.size(); ++k) {
      const double x = edge * rule.nodes[k];
      points.push_back(x);
      masses.push_back(edge * rule.weights[k] * DensityAt(fraction, x));
    }
    points_ = std::move(points);
    masses_ = std::move(masses);
    fraction_ = fraction;
  }

 private:
  double DensityAt(double fraction, double x) const {
    if (points_.empty()) return Density(x / std::sqrt(fraction)) / std::sqrt(fraction);
    const double deviation = std::sqrt(fraction - fraction_);
    double sum = 0;
    for (size_t i = 0; i < points_.size(); ++i) {
      sum += masses_[i] * Density((x - points_[i]) / deviation);
    }
    return sum / deviation;
  }

  double fraction_ = 0;
  // The nodes of the last look, and the probability that each stands for.
  std::vector<double> points_;
  std::vector<double> masses_;
};

// Returns the bound that stops with probability `error`.
double BoundFor(const Continuing& paths, double fraction, double error) {
  if (!(error > paths.ExitProbability(fraction, kMaxBound))) return kInfinity;
  double low = 0;
  double high = kMaxBound;
  while (high - low > kBoundTolerance) {
    const double middle = (low + high) / 2;
    (paths.ExitProbability(fraction, middle) > error ? low : high) = middle;
  }
  return high;
}

std::vector<double> BoundsAt(std::span<const double> fractions, double alpha) {
  std::vector<double> spent;
  spent.reserve(fractions.size());
  for (const double fraction : fractions) spent.push_back(SpentError(alpha, fraction));
  return SpendingBounds(fractions, spent);
}

}  // namespace

double SpentError(double alpha, double fraction) {
  const double z = UpperQuantile(alpha / 4);
  return 4 * UpperTail(z / std::sqrt(std::min(fraction, 1.0)));
}

std::vector<double> SpendingBounds(std::span<const double> fractions,
                                   std::span<const double> spent) {
  Continuing paths;
  std::vector<double> bounds;
  double before = 0;
  for (size_t i = 0; i < fractions.size(); ++i) {
    bounds.push_back(BoundFor(paths, fractions[i], spent[i] - before));
    before = spent[i];
    if (i + 1 < fractions.size()) paths.Advance(fractions[i], bounds.back());
  }
  return bounds;
}

double NominalLevel(std::span<const double> fractions, double alpha) {
  if (fractions.empty()) return alpha;
  if (fractions.size() == 1) return SpentError(alpha, fractions.front());
  return TwoSidedLevel(BoundsAt(fractions, alpha).back());
}

double SequentialPValue(std::span<const double> fractions, double nominal) {
  if (fractions.empty() || (fractions.size() == 1 && fractions.front() >= 1)) return nominal;
  const double p = std::max(nominal, kMinP);
  const double largest = NominalLevel(fractions, kMaxSpendingLevel);
  if (p >= largest) {
    const double beyond = (p - largest) / (1 - largest);
    return std::max(p, kMaxSpendingLevel + (1 - kMaxSpendingLevel) * beyond);
  }
  // The level of the last look is nearly a power of alpha, so the secant on logarithms (regula
  // falsi with Illinois' correction) takes a few steps.
  double low = std::log(p);
  double high = std::log(kMaxSpendingLevel);
  const auto excess = [&](double log_alpha) {
    const double level = NominalLevel(fractions, std::exp(log_alpha));
    return std::log(std::max(level, kMinP / 2)) - std::log(p);
  };
  double at_low = excess(low);
  double at_high = std::log(largest) - std::log(p);
  if (at_low >= 0) return p;
  int last_side = 0;
  for (int step = 0; step < kMaxSteps && high - low > kBoundTolerance; ++step) {
    const double middle = high - at_high * (high - low) / (at_high - at_low);
    const double value = excess(middle);
    if (std::abs(value) < kBoundTolerance) return std::exp(middle);
    const int side = value < 0 ? -1 : 1;
    if (side < 0) {
      low = middle;
      at_low = value;
      if (last_side == side) at_high /= 2;
    } else {
      high = middle;
      at_high = value;
      if (last_side == side) at_low /= 2;
    }
    last_side = side;
  }
  return std::exp(high);
}

double ConditionalPower(std::span<const double> fractions, std::span<const double> remaining,
                        double nominal, double alpha) {
  const double fraction = fractions.back();
  if (fraction >= 1 || remaining.empty()) return nominal < NominalLevel(fractions, alpha) ? 1 : 0;
  std::vector<double> all(fractions.begin(), fractions.end());
  all.insert(all.end(), remaining.begin(), remaining.end());
  const double bound = UpperQuantile(NominalLevel(all, alpha) / 2);
  const double z = UpperQuantile(std::max(nominal, kMinP) / 2);
  return UpperTail((bound - z / std::sqrt(fraction)) / std::sqrt(1 - fraction));
}

}  // namespace assay::evaluator
