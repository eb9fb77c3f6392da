// The computation, energy and cost of an evaluation as a whole.
#include "evaluator/economics/evaluation_cost.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "evaluator/economics/economics.h"

namespace assay::evaluator {
namespace {

constexpr double kMillisecondsPerSecond = 1000;
constexpr double kSecondsPerMinute = 60;
constexpr double kSecondsPerHour = 3600;
// A duration is given in the next smaller unit below two of its own.
constexpr double kMinUnits = 2;
// Below one dollar an amount has three significant digits.
constexpr int kSignificantDigits = 3;

std::string Usd(double usd) {
  if (usd >= 1 || usd <= 0) return absl::StrFormat("$%.2f", usd);
  const int leading = static_cast<int>(std::floor(std::log10(usd)));
  return absl::StrFormat("$%.*f", kSignificantDigits - 1 - leading, usd);
}

std::string TimeText(double seconds) {
  if (seconds >= kMinUnits * kSecondsPerHour) {
    return absl::StrFormat("%.1f hours", seconds / kSecondsPerHour);
  }
  if (seconds >= kMinUnits * kSecondsPerMinute) {
    return absl::StrFormat("%.0f minutes", seconds / kSecondsPerMinute);
  }
  return seconds >= kMinUnits ? absl::StrFormat("%.0f seconds", seconds)
                              : absl::StrFormat("%.2g seconds", seconds);
}

void AddEnergy(const Energy& energy, EvaluationCost* cost) {
  cost->joules += energy.joules;
  if (energy.source.empty()) return;
  if (cost->energy_source.empty()) cost->energy_source = energy.source;
  if (cost->energy_source != energy.source) cost->energy_source = "mixed";
}

}  // namespace

EvaluationCost CostOfEvaluation(const EconomicsInputs& inputs, const std::vector<Sample>& samples,
                                const std::vector<TaskAnswer>& answers) {
  EvaluationCost cost;
  for (const Sample& sample : samples) {
    if (!sample.error.empty()) continue;
    const double seconds = std::max(
        0.0, (sample.generation.total_ms - sample.generation.queue_ms) / kMillisecondsPerSecond);
    cost.compute_seconds += seconds;
    cost.usd += sample.cost_usd;
    AddEnergy(sample.energy, &cost);
  }
  for (const TaskAnswer& answer : answers) {
    if (!answer.error.empty() || answer.busy_seconds <= 0) continue;
    const absl::Duration busy = absl::Seconds(answer.busy_seconds);
    const Energy energy = answer.energy.source.empty() ? StatedEnergy(inputs, busy) : answer.energy;
    cost.compute_seconds += answer.busy_seconds;
    cost.usd += RequestCost(inputs, energy, busy);
    AddEnergy(energy, &cost);
  }
  return cost;
}

std::string CostSentence(const EvaluationCost& cost) {
  if (cost.compute_seconds <= 0) return "";
  return absl::StrCat("this evaluation cost ", Usd(cost.usd), " and took ",
                      TimeText(cost.compute_seconds), " of computation");
}

}  // namespace assay::evaluator
