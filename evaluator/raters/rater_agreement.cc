// How far raters agree with each other.
#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "evaluator/raters/rating_parts.h"
#include "evaluator/stats/agreement.h"

namespace assay::evaluator {
namespace {

// The values of one unit by rater.
using Unit = std::map<std::string, double>;

// The key and the value of a rating. A preference has one direction per pair of samples.
std::pair<std::string, double> UnitOf(const Rating& rating) {
  const std::string sample = TextOf(rating.sample);
  if (!rating.other.has_value()) return {sample, rating.score.value_or(0)};
  const std::string other = TextOf(*rating.other);
  const double value = VoteOf(rating.preference);
  if (sample > other) return {absl::StrCat(other, "\n", sample), -value};
  return {absl::StrCat(sample, "\n", other), value};
}

void AddAlpha(const std::vector<Unit>& units, RaterAgreement* agreement) {
  std::vector<UnitValues> values;
  for (const Unit& unit : units) {
    if (unit.size() < 2) continue;
    UnitValues& added = values.emplace_back();
    for (const auto& [rater, value] : unit) added.push_back(value);
  }
  agreement->units = static_cast<int>(values.size());
  const ValueLevel level = agreement->pairwise ? ValueLevel::kNominal : ValueLevel::kInterval;
  const std::optional<double> alpha = KrippendorffAlpha(values, level);
  if (!alpha.has_value()) {
    agreement->note = values.size() < 2 ? "fewer than two units were rated by two raters"
                                        : "all ratings are equal";
    return;
  }
  agreement->alpha = WithInterval(*alpha, values.size(), [&](std::span<const size_t> drawn) {
    std::vector<UnitValues> chosen;
    chosen.reserve(drawn.size());
    for (const size_t i : drawn) chosen.push_back(values[i]);
    return KrippendorffAlpha(chosen, level);
  });
}

// Returns the two raters with the most common units.
std::pair<std::string, std::string> BestPair(const std::vector<Unit>& units) {
  std::map<std::pair<std::string, std::string>, int> common;
  for (const Unit& unit : units) {
    for (auto a = unit.begin(); a != unit.end(); ++a) {
      for (auto b = std::next(a); b != unit.end(); ++b) ++common[{a->first, b->first}];
    }
  }
  const auto best =
      std::max_element(common.begin(), common.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return best == common.end() ? std::pair<std::string, std::string>() : best->first;
}

void AddKappa(const std::vector<Unit>& units, RaterAgreement* agreement) {
  const auto [first, second] = BestPair(units);
  std::vector<double> a;
  std::vector<double> b;
  for (const Unit& unit : units) {
    const auto of_first = unit.find(first);
    const auto of_second = unit.find(second);
    if (of_first == unit.end() || of_second == unit.end()) continue;
    a.push_back(of_first->second);
    b.push_back(of_second->second);
  }
  agreement->kappa_units = static_cast<int>(a.size());
  const ValueLevel level = agreement->pairwise ? ValueLevel::kNominal : ValueLevel::kInterval;
  const std::optional<double> kappa = CohensKappa(a, b, level);
  if (!kappa.has_value()) return;
  agreement->kappa = WithInterval(*kappa, a.size(), [&](std::span<const size_t> drawn) {
    std::vector<double> of_a;
    std::vector<double> of_b;
    for (const size_t i : drawn) {
      of_a.push_back(a[i]);
      of_b.push_back(b[i]);
    }
    return CohensKappa(of_a, of_b, level);
  });
}

}  // namespace

std::optional<RaterAgreement> AgreementOf(const std::vector<const Rating*>& ratings,
                                          const std::string& content_type, bool pairwise) {
  std::map<std::string, Unit> by_key;
  std::set<std::string> raters;
  for (const Rating* rating : ratings) {
    if (rating->other.has_value() != pairwise) continue;
    const auto [key, value] = UnitOf(*rating);
    by_key[key][rating->rater] = value;
    raters.insert(rating->rater);
  }
  if (raters.empty()) return std::nullopt;
  std::vector<Unit> units;
  for (auto& [key, unit] : by_key) units.push_back(std::move(unit));
  RaterAgreement agreement{.content_type = content_type,
                           .pairwise = pairwise,
                           .raters = static_cast<int>(raters.size())};
  AddAlpha(units, &agreement);
  AddKappa(units, &agreement);
  return agreement;
}

}  // namespace assay::evaluator
