// How far the automatic score can stand in for people.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "evaluator/raters/rating_parts.h"
#include "evaluator/stats/agreement.h"
#include "evaluator/stats/unit_bootstrap.h"

namespace assay::evaluator {
namespace {

constexpr double kPercent = 100;
// Above this number of prompts, the calibration is fitted once per tenth of the prompts.
constexpr size_t kMaxFolds = 100;
constexpr size_t kManyPromptsFolds = 10;

// One sample that people have scored.
struct RatedSample {
  double score = 0;
  double rating = 0;
  size_t prompt = 0;
};

// One pair of which people prefer one sample: 1 if the score agrees, 0 if not, 0.5 if it is equal.
struct RatedPair {
  double agrees = 0;
  size_t prompt = 0;
};

struct RatedData {
  std::vector<RatedSample> samples;
  std::vector<RatedPair> pairs;
  size_t prompts = 0;
};

using Net = std::map<std::pair<std::string, std::string>, double>;

// Returns the sum of preferences for the first sample of each pair of texts.
Net NetPreferences(const std::vector<const Rating*>& ratings) {
  Net net;
  for (const Rating* rating : ratings) {
    if (!rating->other.has_value()) continue;
    double value = VoteOf(rating->preference);
    std::string a = TextOf(rating->sample);
    std::string b = TextOf(*rating->other);
    if (a > b) {
      std::swap(a, b);
      value = -value;
    }
    net[{std::move(a), std::move(b)}] += value;
  }
  return net;
}

double Agreement(double people, double score_difference) {
  if (score_difference == 0) return 0.5;
  return (people > 0) == (score_difference > 0) ? 1 : 0;
}

// Between equal texts there is nothing to prefer.
bool HaveEqualTexts(const Sample& a, const Sample& b) {
  return a.generation.text == b.generation.text;
}

// Adds the pairs: those with preferences, and those that differ in their mean ratings.
void AddPairs(const std::map<std::string, const Sample*>& samples,
              const std::map<std::string, double>& means,
              const std::map<std::string, size_t>& prompts, const Net& net, RatedData* data) {
  for (const auto& [pair, people] : net) {
    const auto a = samples.find(pair.first);
    const auto b = samples.find(pair.second);
    if (people == 0 || a == samples.end() || b == samples.end()) continue;
    if (HaveEqualTexts(*a->second, *b->second)) continue;
    data->pairs.push_back(
        {.agrees = Agreement(people, *a->second->quality_score - *b->second->quality_score),
         .prompt = prompts.at(a->second->prompt_id)});
  }
  // Samples of one prompt are neighbors in the map.
  for (auto a = means.begin(); a != means.end(); ++a) {
    const Sample& first = *samples.at(a->first);
    for (auto b = std::next(a); b != means.end(); ++b) {
      const Sample& second = *samples.at(b->first);
      if (second.prompt_id != first.prompt_id) break;
      if (a->second == b->second || net.contains({a->first, b->first})) continue;
      if (HaveEqualTexts(first, second)) continue;
      data->pairs.push_back(
          {.agrees = Agreement(a->second - b->second, *first.quality_score - *second.quality_score),
           .prompt = prompts.at(first.prompt_id)});
    }
  }
}

RatedData Collect(const std::vector<const Sample*>& samples,
                  const std::vector<const Rating*>& ratings) {
  RatedData data;
  std::map<std::string, const Sample*> by_id;
  std::map<std::string, size_t> prompts;
  for (const Sample* sample : samples) {
    by_id[TextOf(IdOf(*sample))] = sample;
    prompts.try_emplace(sample->prompt_id, prompts.size());
  }
  data.prompts = prompts.size();
  std::map<std::string, std::pair<double, int>> sums;
  for (const Rating* rating : ratings) {
    const std::string id = TextOf(rating->sample);
    if (rating->other.has_value() || !rating->score.has_value() || !by_id.contains(id)) continue;
    sums[id].first += *rating->score;
    sums[id].second += 1;
  }
  std::map<std::string, double> means;
  for (const auto& [id, sum] : sums) {
    means[id] = sum.first / sum.second;
    const Sample& sample = *by_id.at(id);
    data.samples.push_back({.score = *sample.quality_score,
                            .rating = means[id],
                            .prompt = prompts.at(sample.prompt_id)});
  }
  AddPairs(by_id, means, prompts, NetPreferences(ratings), &data);
  return data;
}

// Groups indices of `items` by prompt.
template <typename Item>
std::vector<std::vector<size_t>> ByPrompt(const std::vector<Item>& items, size_t prompts) {
  std::vector<std::vector<size_t>> groups(prompts);
  for (size_t i = 0; i < items.size(); ++i) groups[items[i].prompt].push_back(i);
  std::erase_if(groups, [](const std::vector<size_t>& group) { return group.empty(); });
  return groups;
}

// Returns the statistic of all groups with an interval that resamples groups.
template <typename Statistic>
std::optional<RatedStatistic> OverGroups(const std::vector<std::vector<size_t>>& groups,
                                         const Statistic& statistic) {
  const UnitStatistic of_units = [&](std::span<const size_t> drawn) {
    std::vector<size_t> items;
    for (const size_t unit : drawn) {
      items.insert(items.end(), groups[unit].begin(), groups[unit].end());
    }
    return statistic(items);
  };
  std::vector<size_t> all;
  for (size_t i = 0; i < groups.size(); ++i) all.push_back(i);
  const std::optional<double> value = of_units(all);
  if (!value.has_value()) return std::nullopt;
  return WithInterval(*value, groups.size(), of_units);
}

std::optional<double> MeanAt(const std::vector<double>& values, std::span<const size_t> items) {
  if (items.empty()) return std::nullopt;
  double sum = 0;
  for (const size_t i : items) sum += values[i];
  return sum / static_cast<double>(items.size());
}

// Returns the absolute error of each sample under a calibration that has not seen its prompt.
std::vector<double> HeldOutErrors(const std::vector<RatedSample>& samples,
                                  const std::vector<std::vector<size_t>>& groups) {
  const size_t folds = groups.size() > kMaxFolds ? kManyPromptsFolds : groups.size();
  std::vector<double> errors(samples.size());
  for (size_t fold = 0; fold < folds; ++fold) {
    std::vector<double> x;
    std::vector<double> y;
    for (size_t g = 0; g < groups.size(); ++g) {
      if (g % folds == fold) continue;
      for (const size_t i : groups[g]) {
        x.push_back(samples[i].score);
        y.push_back(samples[i].rating);
      }
    }
    const IsotonicFit fit(x, y);
    for (size_t g = fold; g < groups.size(); g += folds) {
      for (const size_t i : groups[g]) {
        errors[i] = std::abs(fit(samples[i].score) - samples[i].rating);
      }
    }
  }
  return errors;
}

void AddScores(const RatedData& data, ScoreCalibration* out) {
  const std::vector<RatedSample>& samples = data.samples;
  if (samples.empty()) return;
  std::vector<double> scores;
  std::vector<double> ratings;
  for (const RatedSample& sample : samples) {
    scores.push_back(sample.score);
    ratings.push_back(sample.rating);
    out->raw_absolute_error +=
        std::abs(sample.score - sample.rating) / static_cast<double>(samples.size());
  }
  const std::vector<std::vector<size_t>> groups = ByPrompt(samples, data.prompts);
  if (samples.size() < kMinRatedSamples || groups.size() < kMinRatedPrompts) return;
  out->steps = IsotonicFit(scores, ratings).blocks();
  out->spearman = OverGroups(groups, [&](const std::vector<size_t>& items) {
    std::vector<double> x;
    std::vector<double> y;
    for (const size_t i : items) {
      x.push_back(scores[i]);
      y.push_back(ratings[i]);
    }
    return SpearmanCorrelation(x, y);
  });
  const std::vector<double> errors = HeldOutErrors(samples, groups);
  out->absolute_error =
      OverGroups(groups, [&](const std::vector<size_t>& items) { return MeanAt(errors, items); });
}

std::string PercentText(double fraction) { return absl::StrFormat("%.0f %%", kPercent * fraction); }

std::string SentenceOf(const ScoreCalibration& c) {
  const std::string where =
      c.content_type.empty() ? "over all content types" : absl::StrCat("on ", c.content_type);
  std::string sentence;
  if (c.pair_agreement.has_value()) {
    sentence = absl::StrCat(where, " the score orders pairs as people do in ",
                            PercentText(c.pair_agreement->value));
    if (c.pair_agreement->low && c.pair_agreement->high) {
      absl::StrAppend(&sentence, " (95 % interval ", PercentText(*c.pair_agreement->low), " to ",
                      PercentText(*c.pair_agreement->high), ")");
    }
    absl::StrAppend(&sentence, " of ", c.pairs, " pairs");
  } else {
    sentence = absl::StrCat(where, " there are too few ratings to say how the score orders pairs (",
                            c.pairs, " pairs of ", c.prompts, " prompts; ", kMinRatedPairs,
                            " pairs of ", kMinRatedPrompts, " prompts are needed)");
  }
  if (c.absolute_error.has_value()) {
    absl::StrAppend(&sentence, "; after calibration it is ",
                    absl::StrFormat("%.1f", c.absolute_error->value),
                    " points from people's ratings on average");
  }
  return sentence;
}

}  // namespace

ScoreCalibration CalibrationOf(const std::vector<const Sample*>& samples,
                               const std::vector<const Rating*>& ratings,
                               const std::string& content_type) {
  const RatedData data = Collect(samples, ratings);
  ScoreCalibration out{.content_type = content_type};
  if (!samples.empty()) {
    out.scorer = absl::StrCat(samples.front()->scorer, " ", samples.front()->scorer_version);
  }
  out.samples = static_cast<int>(data.samples.size());
  out.prompts = static_cast<int>(data.prompts);
  out.pairs = static_cast<int>(data.pairs.size());
  AddScores(data, &out);
  const std::vector<std::vector<size_t>> groups = ByPrompt(data.pairs, data.prompts);
  if (data.pairs.size() >= kMinRatedPairs && groups.size() >= kMinRatedPrompts) {
    std::vector<double> agrees;
    for (const RatedPair& pair : data.pairs) agrees.push_back(pair.agrees);
    out.pair_agreement =
        OverGroups(groups, [&](const std::vector<size_t>& items) { return MeanAt(agrees, items); });
  }
  out.sentence = SentenceOf(out);
  return out;
}

}  // namespace assay::evaluator
