// The choice of the auto rule among models with sufficient evidence.
#include "registry/routing/auto_choice.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "registry/routing/prompt_results.h"
#include "registry/routing/shrunk_means.h"

namespace assay::registry {
namespace {

// The pooled results of a model; empty before its first evaluation.
using Pooled = std::vector<PromptResults>;

bool IsCheaper(const PromptResults& candidate, const PromptResults& than,
               const AutoLimits& limits) {
  const PairedDifference saving = CostDifference(than, candidate);
  // The bound takes a quantile of Student's t, so it comes last.
  return saving.mean >= limits.min_saving * MeanCost(than) && saving.LowerBound() > 0;
}

bool IsNotWorse(const PromptResults& candidate, const PromptResults& than,
                const AutoLimits& limits) {
  return ScoreDifference(candidate, than).LowerBound() >= -limits.margin;
}

// `by`: a number of points.
bool IsShownBetter(const PromptResults& candidate, const PromptResults& than, double by = 0) {
  return ScoreDifference(candidate, than).AlwaysValidLowerBound() > by;
}

// Adds an evaluation of a model. It replaces those before it if it is shown to differ from them by
// more than the margin: something has changed that the revision does not show.
void AddTo(PromptResults* pooled, const PromptResults& results, const AutoLimits& limits) {
  const bool has_drifted = IsShownBetter(*pooled, results, limits.margin) ||
                           IsShownBetter(results, *pooled, limits.margin);
  *pooled = has_drifted ? results : Pool(*pooled, results);
}

// The evaluations of a model that count at some time: [first, end).
struct Window {
  size_t first = 0;
  size_t end = 0;
};

// Moves the window to `age.now` and pools what it has. If that is nothing, returns false and keeps
// what was pooled before.
bool MoveTo(const EvidenceAge& age, const ProvenModel& model, const AutoLimits& limits,
            Window* window, PromptResults* pooled) {
  const std::vector<Evidence>& all = model.evaluations;
  Window moved = *window;
  while (moved.end < all.size() && all[moved.end].finished_at <= age.now) ++moved.end;
  while (moved.first < moved.end && age.IsOld(all[moved.first])) ++moved.first;
  size_t next = window->end;
  if (moved.first != window->first && moved.first != moved.end) {
    pooled->clear();
    next = moved.first;
  }
  if (moved.first != moved.end) {
    for (; next < moved.end; ++next) AddTo(pooled, *all[next].prompts, limits);
  }
  *window = moved;
  return moved.first != moved.end;
}

// Returns the model with the best mean, the first of equal ones.
size_t BestMean(const Pooled& pooled) {
  std::optional<size_t> best;
  for (size_t i = 0; i < pooled.size(); ++i) {
    if (pooled[i].empty()) continue;
    if (!best.has_value() || MeanScore(pooled[i]) > MeanScore(pooled[*best])) best = i;
  }
  return best.value_or(0);
}

// Returns the model that has the route after this evaluation.
size_t Next(const Pooled& pooled, std::optional<size_t> incumbent, const AutoLimits& limits) {
  const size_t leader = BestMean(pooled);
  size_t chosen = incumbent.value_or(leader);
  for (size_t i = 0; i < pooled.size(); ++i) {
    if (i == chosen || pooled[i].empty() || !IsShownBetter(pooled[i], pooled[chosen])) continue;
    chosen = leader;
    break;
  }
  const size_t before = chosen;
  for (size_t i = 0; i < pooled.size(); ++i) {
    if (i == chosen || pooled[i].empty()) continue;
    if (!IsCheaper(pooled[i], pooled[chosen], limits)) continue;
    const bool good_enough = (i == leader || IsNotWorse(pooled[i], pooled[leader], limits)) &&
                             IsNotWorse(pooled[i], pooled[before], limits);
    if (good_enough) chosen = i;
  }
  return chosen;
}

std::string Describe(const PairedDifference& difference) {
  return absl::StrFormat("%+.2f points, at least %+.2f, over %d prompts", difference.mean,
                         difference.LowerBound(), difference.prompts);
}

std::string NoteOf(const PromptResults& results, const PromptResults& chosen,
                   const std::string& chosen_id, const AutoLimits& limits, bool* is_worse) {
  const PairedDifference difference = ScoreDifference(results, chosen);
  *is_worse = IsShownBetter(chosen, results);
  if (*is_worse) {
    return absl::StrFormat("worse than '%s': %+.2f points over %d prompts", chosen_id,
                           difference.mean, difference.prompts);
  }
  if (difference.LowerBound() < -limits.margin) {
    return absl::StrFormat("not shown to be as good as '%s' within %g points: %s", chosen_id,
                           limits.margin, Describe(difference));
  }
  return absl::StrFormat("as good as '%s', not cheaper: %s", chosen_id, Describe(difference));
}

}  // namespace

AutoChoice ChooseProven(const std::vector<ProvenModel>& models, const AutoLimits& limits,
                        const EvidenceAge& age) {
  std::set<absl::Time> times;
  for (const ProvenModel& model : models) {
    for (const Evidence& evaluation : model.evaluations) times.insert(evaluation.finished_at);
  }
  Pooled pooled(models.size());
  std::vector<Window> windows(models.size());
  std::optional<size_t> incumbent;
  const auto move_to = [&](absl::Time time) {
    for (size_t i = 0; i < models.size(); ++i) {
      const bool is_recent =
          MoveTo({.now = time, .max_age = age.max_age}, models[i], limits, &windows[i], &pooled[i]);
      if (!is_recent && incumbent != i) pooled[i].clear();
    }
  };
  for (const absl::Time time : times) {
    move_to(time);
    incumbent = Next(pooled, incumbent, limits);
  }
  move_to(age.now);
  AutoChoice choice{.chosen = incumbent.value_or(0)};
  const size_t best = BestMean(pooled);
  if (choice.chosen != best) {
    const bool is_cheaper = IsNotWorse(pooled[choice.chosen], pooled[best], limits) &&
                            IsCheaper(pooled[choice.chosen], pooled[best], limits);
    choice.reason = is_cheaper ? ChoiceReason::kCheaper : ChoiceReason::kIncumbent;
  }
  choice.expected_score = ShrunkMeans(pooled)[choice.chosen];
  choice.mean_score = MeanScore(pooled[choice.chosen]);
  choice.notes.assign(models.size(), "chosen");
  choice.is_worse.assign(models.size(), false);
  for (size_t i = 0; i < models.size(); ++i) {
    choice.is_old.push_back(windows[i].first == windows[i].end);
    if (i == choice.chosen || choice.is_old[i]) continue;
    bool is_worse = false;
    choice.notes[i] =
        NoteOf(pooled[i], pooled[choice.chosen], models[choice.chosen].id, limits, &is_worse);
    choice.is_worse[i] = is_worse;
  }
  return choice;
}

}  // namespace assay::registry
