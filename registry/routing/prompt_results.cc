// The results of models prompt by prompt, and what a paired comparison of two models shows.
#include "registry/routing/prompt_results.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "registry/routing/always_valid.h"

namespace assay::registry {
namespace {

constexpr double kLevel = 0.95;

// Returns the differences of one property over the common prompts.
std::vector<double> Differences(const PromptResults& a, const PromptResults& b,
                                double PromptResult::* property) {
  std::vector<double> differences;
  auto other = b.begin();
  for (const PromptResult& result : a) {
    while (other != b.end() && other->prompt < result.prompt) ++other;
    if (other == b.end()) break;
    if (other->prompt == result.prompt) {
      differences.push_back(result.*property - (*other).*property);
    }
  }
  return differences;
}

PairedDifference Compare(const std::vector<double>& differences) {
  const auto n = static_cast<double>(differences.size());
  PairedDifference result{.prompts = static_cast<int>(differences.size()),
                          .standard_error = std::numeric_limits<double>::infinity()};
  if (differences.empty()) return result;
  for (const double difference : differences) result.mean += difference / n;
  if (differences.size() < 2) return result;
  double squares = 0;
  for (const double difference : differences) {
    squares += (difference - result.mean) * (difference - result.mean);
  }
  result.standard_error = std::sqrt(squares / (n - 1) / n);
  return result;
}

PromptResult Pool(const PromptResult& a, const PromptResult& b) {
  const int count = a.count + b.count;
  const auto mean = [&](double of_a, double of_b) {
    return (of_a * a.count + of_b * b.count) / count;
  };
  return {.prompt = a.prompt,
          .score = mean(a.score, b.score),
          .cost_usd = mean(a.cost_usd, b.cost_usd),
          .count = count};
}

double Mean(const PromptResults& results, double PromptResult::* property) {
  double sum = 0;
  for (const PromptResult& result : results) sum += result.*property;
  return results.empty() ? 0 : sum / static_cast<double>(results.size());
}

}  // namespace

PromptResults Pool(const PromptResults& a, const PromptResults& b) {
  PromptResults out;
  out.reserve(a.size() + b.size());
  auto left = a.begin();
  auto right = b.begin();
  while (left != a.end() || right != b.end()) {
    const bool same = left != a.end() && right != b.end() && left->prompt == right->prompt;
    if (same) {
      out.push_back(Pool(*left++, *right++));
    } else if (right == b.end() || (left != a.end() && left->prompt < right->prompt)) {
      out.push_back(*left++);
    } else {
      out.push_back(*right++);
    }
  }
  return out;
}

double MeanScore(const PromptResults& results) { return Mean(results, &PromptResult::score); }
double MeanCost(const PromptResults& results) { return Mean(results, &PromptResult::cost_usd); }

double PairedDifference::LowerBound() const {
  if (prompts < 2) return -std::numeric_limits<double>::infinity();
  const boost::math::students_t distribution(prompts - 1);
  return mean - boost::math::quantile(distribution, kLevel) * standard_error;
}

double PairedDifference::AlwaysValidLowerBound() const {
  if (prompts < 2) return -std::numeric_limits<double>::infinity();
  constexpr double kTightestAt = 20;
  const double width = AlwaysValidRadius(prompts, 1 - kLevel, kTightestAt);
  return mean - width * standard_error;
}

PairedDifference ScoreDifference(const PromptResults& a, const PromptResults& b) {
  return Compare(Differences(a, b, &PromptResult::score));
}

PairedDifference CostDifference(const PromptResults& a, const PromptResults& b) {
  return Compare(Differences(a, b, &PromptResult::cost_usd));
}

}  // namespace assay::registry
