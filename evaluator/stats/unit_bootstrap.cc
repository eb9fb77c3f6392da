// Bootstrap intervals of any statistic of independent units.
#include "evaluator/stats/unit_bootstrap.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"

namespace assay::evaluator {
namespace {

constexpr size_t kMinUnits = 3;

// Returns a uniform index in [0, size) that is the same on every platform, unlike
// std::uniform_int_distribution's.
size_t RandomIndex(size_t size, std::mt19937_64& random) {
  return static_cast<size_t>(absl::Uint128High64(absl::uint128(random()) * absl::uint128(size)));
}

}  // namespace

std::optional<BootstrapInterval> BootstrapUnits(size_t units, const UnitStatistic& statistic,
                                                double confidence, int resamples) {
  if (units < kMinUnits) return std::nullopt;
  std::vector<size_t> all(units);
  std::iota(all.begin(), all.end(), size_t{0});
  const std::optional<double> observed = statistic(all);
  if (!observed.has_value()) return std::nullopt;

  std::mt19937_64 random(0);
  std::vector<double> replicates;
  std::vector<size_t> drawn(units);
  for (int i = 0; i < resamples; ++i) {
    std::generate(drawn.begin(), drawn.end(), [&] { return RandomIndex(units, random); });
    if (const std::optional<double> value = statistic(drawn)) replicates.push_back(*value);
  }
  if (2 * replicates.size() < static_cast<size_t>(resamples)) return std::nullopt;
  std::vector<double> jackknife;
  for (size_t left_out = 0; left_out < units; ++left_out) {
    std::vector<size_t> rest;
    rest.reserve(units - 1);
    for (const size_t unit : all) {
      if (unit != left_out) rest.push_back(unit);
    }
    if (const std::optional<double> value = statistic(rest)) jackknife.push_back(*value);
  }
  const auto [least, most] = std::minmax_element(replicates.begin(), replicates.end());
  if (*least == *most) return BootstrapInterval{.low = *least, .high = *most, .bca = false};
  return BcaInterval(*observed, std::move(replicates), jackknife, confidence);
}

}  // namespace assay::evaluator
