// What judges prefer, and how far they can be trusted.
#include "evaluator/raters/judgment_summary.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "evaluator/raters/human_preferences.h"
#include "evaluator/raters/rating_parts.h"
#include "evaluator/stats/agreement.h"
#include "evaluator/stats/multiple_tests.h"
#include "evaluator/stats/paired_proportions.h"
#include "evaluator/stats/proportion.h"
#include "evaluator/stats/quantile.h"

namespace assay::evaluator {
namespace {

constexpr int kMinPrompts = 6;
constexpr double kHalf = 0.5;
constexpr double kPercent = 100;

// A decision about the pair: 1 prefers `first`, -1 prefers `second`, 0 is a tie. `first` is the
// sample of the candidate that is earlier in the plan.
struct Decision {
  SampleId first;
  SampleId second;
  int value = 0;
};

// The order of candidates and the units of prompts.
class PlanIndex {
 public:
  explicit PlanIndex(const EvaluationPlan& plan) {
    for (const Candidate& candidate : plan.models) ranks_.emplace(candidate.name, ranks_.size());
    for (const EvaluationPrompt& prompt : plan.prompts) {
      units_[prompt.id] = prompt.cluster.empty() ? absl::StrCat("prompt\n", prompt.id)
                                                 : absl::StrCat("cluster\n", prompt.cluster);
    }
  }

  size_t Rank(const std::string& candidate) const {
    const auto found = ranks_.find(candidate);
    return found == ranks_.end() ? ranks_.size() : found->second;
  }
  std::string Unit(const std::string& prompt_id) const {
    const auto found = units_.find(prompt_id);
    return found == units_.end() ? prompt_id : found->second;
  }

 private:
  std::map<std::string, size_t> ranks_;
  std::map<std::string, std::string> units_;
};

Decision Ordered(const Judgment& judgment, const PlanIndex& index) {
  Decision decision = {judgment.sample, judgment.other, VoteOf(DecisionOf(judgment))};
  if (index.Rank(decision.first.model) > index.Rank(decision.second.model)) {
    std::swap(decision.first, decision.second);
    decision.value = -decision.value;
  }
  return decision;
}

using Decisions = std::vector<Decision>;

// Identifies a pair of samples.
std::string KeyOf(const Decision& decision) {
  return absl::StrCat(decision.first.prompt_id, "\n", decision.first.repeat, "\n",
                      decision.first.model, "\n", decision.second.model);
}

PairPreference PreferenceOf(const std::string& judge, const Decisions& decisions,
                            const PlanIndex& index) {
  PairPreference pair = {.judge = judge,
                         .first = decisions.front().first.model,
                         .second = decisions.front().second.model};
  // The sum and the number of the decisions of each unit.
  std::map<std::string, std::pair<int, int>> units;
  for (const Decision& decision : decisions) {
    ++(decision.value > 0 ? pair.wins : decision.value < 0 ? pair.losses : pair.ties);
    auto& [sum, count] = units[index.Unit(decision.first.prompt_id)];
    sum += decision.value;
    ++count;
  }
  PairedCounts signs = {.pairs = static_cast<int64_t>(units.size())};
  double shares = 0;
  for (const auto& [unit, total] : units) {
    const auto& [sum, count] = total;
    if (sum > 0) ++signs.gains;
    if (sum < 0) ++signs.losses;
    shares += (1 + static_cast<double>(sum) / count) / 2;
  }
  pair.prompts = static_cast<int>(units.size());
  pair.share = shares / static_cast<double>(units.size());
  const ProportionInterval interval = WilsonInterval(shares, signs.pairs, kConfidence);
  pair.low = interval.low;
  pair.high = interval.high;
  pair.p_value = McNemarTest(signs);
  return pair;
}

std::vector<PairPreference> PreferencesOf(const std::string& judge, const Decisions& decisions,
                                          const PlanIndex& index) {
  std::map<std::pair<size_t, size_t>, Decisions> by_pair;
  for (const Decision& d : decisions) {
    by_pair[{index.Rank(d.first.model), index.Rank(d.second.model)}].push_back(d);
  }
  std::vector<PairPreference> pairs;
  std::vector<double> p_values;
  for (const auto& [ranks, of_pair] : by_pair) {
    pairs.push_back(PreferenceOf(judge, of_pair, index));
    p_values.push_back(pairs.back().p_value);
  }
  const std::vector<double> adjusted = HolmAdjusted(p_values);
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i].p_adjusted = adjusted[i];
  return pairs;
}

void AddPeople(const Decisions& decisions, const HumanPreferences& people, const PlanIndex& index,
               JudgeRecord* record) {
  // The credit and the number of the pairs of each prompt.
  std::map<std::string, std::pair<double, int>> by_unit;
  for (const Decision& decision : decisions) {
    const int preferred = people.Of(decision.first, decision.second);
    if (preferred == 0) continue;
    auto& [credit, count] = by_unit[index.Unit(decision.first.prompt_id)];
    credit += decision.value == 0 ? kHalf : decision.value == preferred ? 1 : 0;
    ++count;
    ++record->people_pairs;
  }
  std::vector<std::pair<double, int>> units;
  for (const auto& [unit, total] : by_unit) units.push_back(total);
  const auto share = [&units](std::span<const size_t> drawn) -> std::optional<double> {
    double credit = 0;
    int count = 0;
    for (const size_t i : drawn) {
      credit += units[i].first;
      count += units[i].second;
    }
    if (count == 0) return std::nullopt;
    return credit / count;
  };
  std::vector<size_t> all(units.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  const std::optional<double> value = share(all);
  if (value.has_value()) record->people_agreement = WithInterval(*value, units.size(), share);
}

JudgeRecord RecordOf(const std::string& judge, const std::vector<const Judgment*>& judgments) {
  JudgeRecord record = {.judge = judge};
  for (const Judgment* judgment : judgments) {
    record.version = judgment->version;
    record.cost_usd += judgment->cost_usd;
    record.cost_complete = record.cost_complete && judgment->cost_known;
    if (!judgment->error.empty()) {
      ++record.failures;
      record.error = judgment->error;
      continue;
    }
    ++record.judgments;
    const int forward = VoteOf(judgment->forward);
    if (forward == 0 || forward == VoteOf(judgment->backward)) continue;
    // With `sample` in front, preferring it follows the first position.
    if (VoteOf(judgment->backward) == -forward) {
      ++(forward > 0 ? record.follows_first : record.follows_second);
    }
  }
  const int follows = record.follows_first + record.follows_second;
  if (record.judgments > 0) {
    const ProportionInterval interval = WilsonInterval(follows, record.judgments, kConfidence);
    record.position_bias = RatedStatistic{.value = static_cast<double>(follows) / record.judgments,
                                          .low = interval.low,
                                          .high = interval.high};
  }
  return record;
}

// Adds the agreement and returns the decisions of the majority.
Decisions AddJury(const std::map<std::string, Decisions>& by_judge, JudgmentSummary* summary) {
  std::map<std::string, Decisions> by_key;
  for (const auto& [judge, decisions] : by_judge) {
    for (const Decision& decision : decisions) by_key[KeyOf(decision)].push_back(decision);
  }
  Decisions jury;
  std::vector<UnitValues> units;
  for (const auto& [key, decisions] : by_key) {
    UnitValues values;
    int wins = 0;
    int losses = 0;
    for (const Decision& decision : decisions) {
      values.push_back(decision.value);
      wins += decision.value > 0 ? 1 : 0;
      losses += decision.value < 0 ? 1 : 0;
    }
    Decision majority = decisions.front();
    const int judges = static_cast<int>(decisions.size());
    majority.value = (2 * wins > judges ? 1 : 0) - (2 * losses > judges ? 1 : 0);
    jury.push_back(std::move(majority));
    if (values.size() >= 2) units.push_back(std::move(values));
  }
  summary->agreement_units = static_cast<int>(units.size());
  const std::optional<double> alpha = KrippendorffAlpha(units, ValueLevel::kNominal);
  if (!alpha.has_value()) return jury;
  summary->agreement = WithInterval(*alpha, units.size(), [&](std::span<const size_t> drawn) {
    std::vector<UnitValues> chosen;
    chosen.reserve(drawn.size());
    for (const size_t i : drawn) chosen.push_back(units[i]);
    return KrippendorffAlpha(chosen, ValueLevel::kNominal);
  });
  return jury;
}

using JudgmentsByJudge = std::map<std::string, std::vector<const Judgment*>>;

// Leaves out judgments of other versions than the judge's newest one, with a warning.
void KeepNewestVersions(JudgmentsByJudge* by_judge, JudgmentSummary* summary) {
  for (auto& [judge, judgments] : *by_judge) {
    const Judgment* const newest = *std::max_element(
        judgments.begin(), judgments.end(),
        [](const Judgment* a, const Judgment* b) { return a->judged_at < b->judged_at; });
    const size_t removed = std::erase_if(judgments, [newest](const Judgment* judgment) {
      return judgment->version != newest->version;
    });
    if (removed == 0) continue;
    summary->warnings.push_back(
        absl::StrCat("judge ", judge, " has ", removed,
                     " judgments of another version, which are left out; judge the evaluation "
                     "again to replace them"));
  }
}

void AddWarnings(const JudgmentsByJudge& by_judge, JudgmentSummary* summary) {
  std::set<std::string> seen;
  for (const auto& [judge, judgments] : by_judge) {
    for (const Judgment* judgment : judgments) {
      if (!judgment->warning.empty() && seen.insert(judgment->warning).second) {
        summary->warnings.push_back(judgment->warning);
      }
    }
  }
  for (const JudgeRecord& record : summary->judges) {
    if (record.position_bias.has_value() && record.position_bias->low.value_or(0) > kHalf) {
      summary->warnings.push_back(absl::StrFormat(
          "judge %s follows the position of the texts in %.0f %% of its decisions: it cannot tell "
          "these texts apart",
          record.judge, kPercent * record.position_bias->value));
    }
    if (record.failures > 0) {
      summary->warnings.push_back(absl::StrCat("judge ", record.judge, " failed on ",
                                               record.failures, " pairs: ", record.error));
    }
    if (!record.cost_complete) {
      summary->warnings.push_back(
          absl::StrCat("judge ", record.judge,
                       " did not report the tokens of every answer: its cost is a lower bound"));
    }
  }
  for (const PairPreference& pair : summary->pairs) {
    if (pair.prompts >= kMinPrompts) continue;
    summary->warnings.push_back(
        absl::StrCat("some pairs of candidates have fewer than ", kMinPrompts,
                     " prompts with judgments: they cannot show a preference"));
    break;
  }
}

}  // namespace

JudgmentSummary SummarizeJudgments(const EvaluationPlan& plan,
                                   const std::vector<Judgment>& judgments,
                                   const std::vector<Rating>& ratings) {
  JudgmentSummary summary;
  const PlanIndex index(plan);
  const HumanPreferences people(ratings);
  JudgmentsByJudge by_judge;
  for (const Judgment& judgment : judgments) by_judge[judgment.judge].push_back(&judgment);
  KeepNewestVersions(&by_judge, &summary);
  std::map<std::string, Decisions> decisions;
  for (const auto& [judge, of_judge] : by_judge) {
    JudgeRecord record = RecordOf(judge, of_judge);
    Decisions& own = decisions[judge];
    for (const Judgment* judgment : of_judge) {
      if (judgment->error.empty()) own.push_back(Ordered(*judgment, index));
    }
    AddPeople(own, people, index, &record);
    summary.cost_usd += record.cost_usd;
    summary.judges.push_back(std::move(record));
    for (PairPreference& pair : PreferencesOf(judge, own, index)) {
      summary.pairs.push_back(std::move(pair));
    }
  }
  if (by_judge.size() > 1) {
    const Decisions jury = AddJury(decisions, &summary);
    JudgeRecord record = {.judge = kJury, .judgments = static_cast<int>(jury.size())};
    AddPeople(jury, people, index, &record);
    summary.judges.push_back(std::move(record));
    for (PairPreference& pair : PreferencesOf(kJury, jury, index)) {
      summary.pairs.push_back(std::move(pair));
    }
  }
  AddWarnings(by_judge, &summary);
  return summary;
}

}  // namespace assay::evaluator
