// Implementation of early stopping.
#include "evaluator/analysis/early_stop.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "evaluator/analysis/pairing.h"
#include "evaluator/analysis/pairwise.h"
#include "evaluator/plan/plan.h"
#include "evaluator/stats/group_sequential.h"

namespace assay::evaluator {
namespace {

constexpr double kMsPerSecond = 1000;
constexpr double kSecondsPerMinute = 60;
constexpr std::string_view kQuality = "quality_score";

// The blocks of a plan and how far they are measured.
class Blocks {
 public:
  Blocks(const EvaluationPlan& plan, const std::vector<Sample>& samples)
      : plan_(plan), blocks_(PromptBlocks(plan, plan.order_seed)), units_(PromptUnits(plan)) {
    std::set<std::string_view> models;
    for (const Candidate& candidate : plan.models) models.insert(candidate.name);
    for (const Sample& sample : samples) {
      if (models.contains(sample.model)) ++measured_[sample.prompt_id];
    }
    for (const Unit& unit : units_) clusters_.push_back(numbering_.NumberOf(unit));
  }

  const std::vector<std::vector<int>>& blocks() const { return blocks_; }

  bool IsComplete(int prompt) const {
    const auto at = measured_.find(units_[static_cast<size_t>(prompt)].id);
    const auto needed = plan_.models.size() * static_cast<size_t>(plan_.repeats);
    return at != measured_.end() && at->second >= needed;
  }
  bool IsComplete(const std::vector<int>& block) const {
    return std::all_of(block.begin(), block.end(),
                       [this](int prompt) { return IsComplete(prompt); });
  }
  bool IsBegun(const std::vector<int>& block) const {
    return std::any_of(block.begin(), block.end(), [this](int prompt) {
      return measured_.contains(units_[static_cast<size_t>(prompt)].id);
    });
  }

  // The clusters of the content type (empty = all) among the prompts that `counts` accepts.
  template <typename Predicate>
  double Clusters(std::string_view type, Predicate counts) const {
    std::set<int> found;
    for (size_t i = 0; i < units_.size(); ++i) {
      const bool fits = type.empty() || units_[i].content_type == type;
      if (fits && counts(static_cast<int>(i))) found.insert(clusters_[i]);
    }
    return static_cast<double>(found.size());
  }

 private:
  const EvaluationPlan& plan_;
  const std::vector<std::vector<int>> blocks_;
  const std::vector<Unit> units_;
  ClusterNumbering numbering_;
  std::vector<int> clusters_;
  std::map<std::string, size_t, std::less<>> measured_;
};

void AddFraction(double fraction, std::vector<double>* fractions) {
  const double last = fractions->empty() ? 0 : fractions->back();
  if (fraction - last >= kMinFractionStep) fractions->push_back(fraction);
}

// Returns the tests of every two candidates' quality, as the analysis corrects them.
Family QualityTests(const EvaluationPlan& plan, const std::vector<Sample>& samples,
                    const LookFractions& fractions) {
  Family family(plan, plan.baseline, fractions);
  const std::vector<Unit> units = PromptUnits(plan);
  for (const Metric& metric : SampleMetrics(plan.failures)) {
    if (metric.name != kQuality) continue;
    const CandidateValues values = ValuesOfAll(plan, samples, metric);
    for (const std::string& group : TestedGroups(plan)) family.Add(units, group, values, true);
    family.Correct();
    KeepWithMeans(units, values, &family.tests());
  }
  return family;
}

double SavedSeconds(const EvaluationPlan& plan, const std::vector<Sample>& samples) {
  const double planned = static_cast<double>(plan.prompts.size()) * plan.repeats;
  double saved = 0;
  for (const Candidate& candidate : plan.models) {
    double taken = 0;
    double succeeded = 0;
    double ms = 0;
    for (const Sample& sample : samples) {
      if (sample.model != candidate.name) continue;
      ++taken;
      if (!sample.error.empty()) continue;
      ++succeeded;
      ms += sample.generation.total_ms;
    }
    if (succeeded > 0) saved += std::max(0.0, planned - taken) * ms / succeeded / kMsPerSecond;
  }
  return saved;
}

std::string SavedText(double seconds) {
  if (seconds < kSecondsPerMinute) return absl::StrFormat("%.2g s", seconds);
  return absl::StrFormat("%.0f min", seconds / kSecondsPerMinute);
}

}  // namespace

Looks LooksOf(const EvaluationPlan& plan, const std::vector<Sample>& samples) {
  Looks looks;
  if (!plan.stop_early) return looks;
  const Blocks state(plan, samples);
  const std::vector<std::vector<int>>& blocks = state.blocks();
  looks.planned = static_cast<int>(blocks.size());
  std::vector<std::string> types = TestedGroups(plan);
  std::map<std::string, double> all;
  for (const std::string& type : types) {
    all[type] = state.Clusters(type, [](int) { return true; });
  }
  std::set<int> seen;
  const auto fraction_of = [&](const std::string& type, auto counts) {
    return state.Clusters(type, counts) / all[type];
  };
  const auto is_seen = [&seen](int prompt) { return seen.contains(prompt); };
  bool is_reached = true;
  for (const std::vector<int>& block : blocks) {
    is_reached = is_reached && state.IsComplete(block);
    if (!is_reached && state.IsBegun(block)) looks.is_between = true;
    if (is_reached) {
      ++looks.reached;
      looks.prompts += static_cast<int>(block.size());
      seen.insert(block.begin(), block.end());
      for (const std::string& type : types) {
        AddFraction(fraction_of(type, is_seen), &looks.fractions[type]);
      }
    }
  }
  if (looks.is_between) {
    for (const std::string& type : types) {
      AddFraction(fraction_of(type, [&](int prompt) { return state.IsComplete(prompt); }),
                  &looks.fractions[type]);
    }
  }
  for (size_t i = static_cast<size_t>(looks.reached); i < blocks.size(); ++i) {
    seen.insert(blocks[i].begin(), blocks[i].end());
    looks.remaining.push_back(fraction_of("", is_seen));
  }
  return looks;
}

std::string StopReason(const EvaluationPlan& plan, const std::vector<Sample>& samples) {
  const Looks looks = LooksOf(plan, samples);
  if (looks.reached == 0 || looks.reached == looks.planned || looks.is_between) return "";
  Family family = QualityTests(plan, samples, looks.fractions);
  bool is_decided = true;
  bool is_futile = plan.stop_early->futility;
  for (const PairwiseTest& test : family.tests()) {
    if (!test.content_type.empty() || test.shown != 0) continue;
    is_decided = false;
    if (!is_futile) break;
    is_futile = !test.result.method.empty() &&
                ConditionalPower(looks.fractions.at(""), looks.remaining, test.nominal_p,
                                 family.LevelOf(test)) < kFutilePower;
  }
  if (is_decided) return kDecided;
  return is_futile ? kFutility : "";
}

std::optional<EarlyStop> EarlyStopOf(const EvaluationPlan& plan,
                                     const std::vector<Sample>& samples) {
  if (!plan.stop_early) return std::nullopt;
  const Looks looks = LooksOf(plan, samples);
  EarlyStop stop{.looks = looks.planned,
                 .look = looks.reached,
                 .prompts = looks.prompts,
                 .planned_prompts = static_cast<int>(plan.prompts.size()),
                 .reason = StopReason(plan, samples)};
  if (!stop.reason.empty()) stop.saved_seconds = SavedSeconds(plan, samples);
  return stop;
}

std::string EarlyStopText(const EarlyStop& stop) {
  const std::string where = absl::StrFormat("look %d of %d, %d of %d prompts", stop.look,
                                            stop.looks, stop.prompts, stop.planned_prompts);
  if (stop.reason.empty()) {
    return absl::StrCat(stop.look == stop.looks ? "not stopped before the planned end: " : "at ",
                        where);
  }
  return absl::StrCat("stopped at ", where, ", because ",
                      stop.reason == kDecided
                          ? "every two candidates are shown to differ in quality"
                          : "no other difference in quality is likely to be shown",
                      "; this saved about ", SavedText(stop.saved_seconds));
}

}  // namespace assay::evaluator
