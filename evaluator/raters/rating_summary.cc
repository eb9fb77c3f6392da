// How far raters agree with each other, and the automatic score with them.
#include "evaluator/raters/rating_summary.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "evaluator/raters/rating_parts.h"
#include "evaluator/stats/quantile.h"

namespace assay::evaluator {

std::string TextOf(const SampleId& sample) {
  return absl::StrCat(sample.prompt_id, "\t", sample.model, "\t", sample.repeat);
}

RatedStatistic WithInterval(double value, size_t units, const UnitStatistic& statistic) {
  RatedStatistic result{.value = value};
  if (const auto interval = BootstrapUnits(units, statistic, kConfidence)) {
    result.low = interval->low;
    result.high = interval->high;
  }
  return result;
}

RatingSummary SummarizeRatings(const std::vector<Sample>& samples,
                               const std::vector<Rating>& ratings) {
  std::map<std::string, const Sample*> by_id;
  for (const Sample& sample : samples) by_id[TextOf(IdOf(sample))] = &sample;
  const auto find = [&by_id](const SampleId& id) {
    const auto found = by_id.find(TextOf(id));
    return found == by_id.end() ? nullptr : found->second;
  };
  // The ratings and the rated samples by content type; "" is all of them.
  std::map<std::string, std::vector<const Rating*>> rated;
  std::map<std::string, std::set<const Sample*>> seen;
  for (const Rating& rating : ratings) {
    const Sample* const sample = find(rating.sample);
    const Sample* const other = rating.other.has_value() ? find(*rating.other) : sample;
    if (sample == nullptr || other == nullptr) continue;
    for (const std::string& type : {sample->content_type, std::string()}) {
      rated[type].push_back(&rating);
      seen[type].insert({sample, other});
      if (sample->content_type.empty()) break;
    }
  }
  // With a single type the sum over all types would repeat it.
  if (rated.size() == 2) rated.erase("");
  RatingSummary summary;
  for (const auto& [type, of_type] : rated) {
    for (const bool pairwise : {false, true}) {
      if (auto agreement = AgreementOf(of_type, type, pairwise)) {
        summary.agreements.push_back(*std::move(agreement));
      }
    }
    std::vector<const Sample*> scored;
    // In the order of the evaluation, so that results do not depend on addresses.
    for (const Sample& sample : samples) {
      if (seen[type].contains(&sample) && sample.quality_score.has_value()) {
        scored.push_back(&sample);
      }
    }
    summary.calibrations.push_back(CalibrationOf(scored, of_type, type));
  }
  return summary;
}

}  // namespace assay::evaluator
