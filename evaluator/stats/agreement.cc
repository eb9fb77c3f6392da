// The agreement of raters beyond chance.
#include "evaluator/stats/agreement.h"

#include <cmath>
#include <cstddef>
#include <map>

#include "evaluator/stats/ranks.h"

namespace assay::evaluator {
namespace {

// The number of times that each value occurs, over the units that count.
using Counts = std::map<double, double>;

// The sum over ordered pairs of different positions of the squared difference of their values.
double SquaredDifferences(double n, double sum, double squares) {
  return 2 * (n * squares - sum * sum);
}

// Replaces values by numbers whose differences are the ordinal distances: the values' mid-ranks.
Counts OrdinalPositions(const Counts& counts, std::map<double, double>* positions) {
  Counts moved;
  double below = 0;
  for (const auto& [value, count] : counts) {
    const double position = below + count / 2;
    (*positions)[value] = position;
    moved[position] = count;
    below += count;
  }
  return moved;
}

double ExpectedDisagreement(const Counts& counts, bool nominal) {
  double n = 0;
  double sum = 0;
  double squares = 0;
  double same = 0;
  for (const auto& [value, count] : counts) {
    n += count;
    sum += count * value;
    squares += count * value * value;
    same += count * count;
  }
  const double pairs = nominal ? n * n - same : SquaredDifferences(n, sum, squares);
  return pairs / (n * (n - 1));
}

double UnitDisagreement(const UnitValues& values, bool nominal) {
  Counts counts;
  double sum = 0;
  double squares = 0;
  for (const double value : values) {
    counts[value] += 1;
    sum += value;
    squares += value * value;
  }
  const auto m = static_cast<double>(values.size());
  if (!nominal) return SquaredDifferences(m, sum, squares) / (m - 1);
  double same = 0;
  for (const auto& [value, count] : counts) same += count * count;
  return (m * m - same) / (m - 1);
}

}  // namespace

std::optional<double> KrippendorffAlpha(std::span<const UnitValues> units, ValueLevel level) {
  Counts counts;
  size_t paired = 0;
  for (const UnitValues& values : units) {
    if (values.size() < 2) continue;
    ++paired;
    for (const double value : values) counts[value] += 1;
  }
  if (paired < 2 || counts.size() < 2) return std::nullopt;
  std::map<double, double> positions;
  const bool ordinal = level == ValueLevel::kOrdinal;
  if (ordinal) counts = OrdinalPositions(counts, &positions);
  const bool nominal = level == ValueLevel::kNominal;
  double observed = 0;
  double n = 0;
  for (const UnitValues& values : units) {
    if (values.size() < 2) continue;
    n += static_cast<double>(values.size());
    if (!ordinal) {
      observed += UnitDisagreement(values, nominal);
      continue;
    }
    UnitValues moved;
    for (const double value : values) moved.push_back(positions[value]);
    observed += UnitDisagreement(moved, nominal);
  }
  const double expected = ExpectedDisagreement(counts, nominal);
  if (!(expected > 0)) return std::nullopt;
  return 1 - observed / n / expected;
}

std::optional<double> CohensKappa(std::span<const double> a, std::span<const double> b,
                                  ValueLevel level) {
  if (a.size() < 2) return std::nullopt;
  const auto n = static_cast<double>(a.size());
  double observed = 0;
  double expected = 0;
  if (level == ValueLevel::kInterval) {
    double sum_a = 0;
    double sum_b = 0;
    double squares = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      observed += (a[i] - b[i]) * (a[i] - b[i]) / n;
      sum_a += a[i];
      sum_b += b[i];
      squares += a[i] * a[i] + b[i] * b[i];
    }
    // The mean of (a - b)^2 over all pairs of a value of `a` and one of `b`.
    expected = squares / n - 2 * (sum_a / n) * (sum_b / n);
  } else {
    Counts of_a;
    Counts of_b;
    for (size_t i = 0; i < a.size(); ++i) {
      observed += a[i] == b[i] ? 0 : 1 / n;
      of_a[a[i]] += 1;
      of_b[b[i]] += 1;
    }
    expected = 1;
    for (const auto& [value, count] : of_a) {
      const auto other = of_b.find(value);
      if (other != of_b.end()) expected -= count * other->second / (n * n);
    }
  }
  constexpr double kRounding = 1e-12;
  if (!(expected > kRounding)) return std::nullopt;
  return 1 - observed / expected;
}

std::optional<double> SpearmanCorrelation(std::span<const double> a, std::span<const double> b) {
  if (a.size() < 2) return std::nullopt;
  const std::vector<double> ranks_a = AverageRanks(a);
  const std::vector<double> ranks_b = AverageRanks(b);
  // The mean of ranks does not depend on ties.
  const double mean = (static_cast<double>(a.size()) + 1) / 2;
  double products = 0;
  double squares_a = 0;
  double squares_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = ranks_a[i] - mean;
    const double y = ranks_b[i] - mean;
    products += x * y;
    squares_a += x * x;
    squares_b += y * y;
  }
  if (!(squares_a > 0 && squares_b > 0)) return std::nullopt;
  return products / std::sqrt(squares_a * squares_b);
}

}  // namespace assay::evaluator
