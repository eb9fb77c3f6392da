// Judgments of judges in exports.
#include "evaluator/report/judgment_export.h"

#include <string_view>

#include "evaluator/raters/judgment_summary.h"
#include "evaluator/records/json_types.h"

namespace assay::evaluator {
namespace {

using Json = nlohmann::json;

Json StatisticJson(const std::optional<RatedStatistic>& statistic) {
  if (!statistic.has_value()) return nullptr;
  return {{"value", statistic->value}, {"ci_low", statistic->low}, {"ci_high", statistic->high}};
}

Json PairJson(const PairPreference& pair) {
  return {{"judge", pair.judge},
          {"first", pair.first},
          {"second", pair.second},
          {"prompts", pair.prompts},
          {"wins", pair.wins},
          {"losses", pair.losses},
          {"ties", pair.ties},
          {"share",
           StatisticJson(RatedStatistic{.value = pair.share, .low = pair.low, .high = pair.high})},
          {"p_value", pair.p_value},
          {"p_adjusted", pair.p_adjusted}};
}

Json JudgeJson(const JudgeRecord& record) {
  return {{"judge", record.judge},
          {"version", record.version.empty() ? Json(nullptr) : Json(record.version)},
          {"judgments", record.judgments},
          {"failures", record.failures},
          {"error", record.error.empty() ? Json(nullptr) : Json(record.error)},
          {"follows_first", record.follows_first},
          {"follows_second", record.follows_second},
          {"position_bias", StatisticJson(record.position_bias)},
          {"cost_usd", record.cost_usd},
          {"cost_complete", record.cost_complete},
          {"people_pairs", record.people_pairs},
          {"people_agreement", StatisticJson(record.people_agreement)}};
}

// Returns the preference from the point of view of the sample.
std::string_view OutcomeName(Preference preference) {
  switch (preference) {
    case Preference::kSample:
      return "win";
    case Preference::kOther:
      return "loss";
    case Preference::kTie:
      break;
  }
  return "tie";
}

}  // namespace

Json JudgmentsJson(const ReportInput& input) {
  if (input.judgments.empty()) return nullptr;
  const JudgmentSummary summary = SummarizeJudgments(input.plan, input.judgments, input.ratings);
  Json json = {{"agreement",
                {{"units", summary.agreement_units},
                 {"krippendorff_alpha", StatisticJson(summary.agreement)}}},
               {"cost_usd", summary.cost_usd},
               {"warnings", summary.warnings}};
  json["judges"] = json["pairs"] = Json::array();
  for (const JudgeRecord& record : summary.judges) json["judges"].push_back(JudgeJson(record));
  for (const PairPreference& pair : summary.pairs) json["pairs"].push_back(PairJson(pair));
  return json;
}

SampleJudgments::SampleJudgments(const std::vector<Judgment>& judgments) {
  for (const Judgment& judgment : judgments) {
    judges_.insert(judgment.judge);
    for (const SampleId* id : {&judgment.sample, &judgment.other}) {
      by_sample_[{id->model, id->prompt_id, id->repeat}].push_back(&judgment);
    }
  }
}

const std::vector<const Judgment*>& SampleJudgments::Of(const Sample& sample) const {
  static const std::vector<const Judgment*> none;
  const auto found = by_sample_.find({sample.model, sample.prompt_id, sample.repeat});
  return found == by_sample_.end() ? none : found->second;
}

Json SampleJudgments::ToJson(const Sample& sample) const {
  Json json = Json::array();
  const SampleId id = IdOf(sample);
  for (const Judgment* judgment : Of(sample)) {
    const bool is_first = judgment->sample == id;
    json.push_back(
        {{"judge", judgment->judge},
         {"version", judgment->version},
         {"other", is_first ? judgment->other.model : judgment->sample.model},
         {"error", judgment->error.empty() ? Json(nullptr) : Json(judgment->error)},
         {"warning", judgment->warning.empty() ? Json(nullptr) : Json(judgment->warning)},
         {"cost_usd", judgment->cost_usd}});
    Json& last = json.back();
    const auto add = [&](const char* name, Preference preference) {
      const Preference own = is_first ? preference : Swapped(preference);
      last[name] = judgment->error.empty() ? Json(OutcomeName(own)) : Json(nullptr);
    };
    add("decision", DecisionOf(*judgment));
    add("shown_first", is_first ? judgment->forward : judgment->backward);
    add("shown_second", is_first ? judgment->backward : judgment->forward);
  }
  return json;
}

std::optional<double> SampleJudgments::WinShare(const Sample& sample,
                                                const std::string& judge) const {
  const SampleId id = IdOf(sample);
  int pairs = 0;
  int votes = 0;
  for (const Judgment* judgment : Of(sample)) {
    if (judgment->judge != judge || !judgment->error.empty()) continue;
    ++pairs;
    const int vote = VoteOf(DecisionOf(*judgment));
    votes += judgment->sample == id ? vote : -vote;
  }
  if (pairs == 0) return std::nullopt;
  return (1 + static_cast<double>(votes) / pairs) / 2;
}

}  // namespace assay::evaluator
