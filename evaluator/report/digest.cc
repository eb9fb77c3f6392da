// Implementation of the figures of reports and exports.
#include "evaluator/report/digest.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "evaluator/analysis/task_summary.h"
#include "evaluator/stats/proportion.h"
#include "evaluator/stats/quantile.h"

namespace assay::evaluator {
namespace {

constexpr double kMedian = 0.5;
constexpr double kNinetieth = 0.9;
constexpr double kNinetyNinth = 0.99;

void AddOnce(const std::string& name, std::set<std::string>* seen,
             std::vector<std::string>* names) {
  if (seen->insert(name).second) names->push_back(name);
}

template <typename ValueOf>
std::vector<double> Values(const SampleList& samples, ValueOf value_of) {
  std::vector<double> values;
  values.reserve(samples.size());
  for (const Sample* sample : samples) {
    if (sample->error.empty()) values.push_back(value_of(*sample));
  }
  return values;
}

double MeanOf(std::vector<double> values) {
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The items of all tasks, by task and id.
using Items = std::map<std::pair<std::string, std::string>, const MultipleChoiceItem*>;

Items ItemsOf(const std::vector<KnownAnswerTask>& tasks) {
  Items items;
  for (const KnownAnswerTask& task : tasks) {
    for (const MultipleChoiceItem& item : task.items) items[{task.name, item.id}] = &item;
  }
  return items;
}

void CountAnswer(const TaskAnswer& answer, const Items& items, TaskResult* result) {
  ++result->items;
  if (!answer.error.empty()) {
    ++result->failed;
    return;
  }
  if (result->kind == TaskKind::kMultipleChoice) {
    result->accuracy.hits += answer.correct ? 1 : 0;
    result->accuracy_by_length.hits += answer.correct_by_length ? 1 : 0;
    const auto item = items.find({answer.task, answer.item_id});
    const bool by_bytes = item != items.end() && CorrectByBytes(*item->second, answer);
    result->accuracy_by_bytes.hits += by_bytes ? 1 : 0;
    return;
  }
  if (answer.log_likelihoods.empty() || answer.tokens.empty() || answer.tokens[0] <= 0) return;
  result->log_likelihood = answer.log_likelihoods[0];
  result->tokens = answer.tokens[0];
  result->perplexity = std::exp(-result->log_likelihood / static_cast<double>(result->tokens));
}

}  // namespace

Quantiles QuantilesOf(std::vector<double> values) {
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  std::sort(values.begin(), values.end());
  return {.n = static_cast<int>(values.size()),
          .p50 = Quantile(values, kMedian),
          .p90 = Quantile(values, kNinetieth),
          .p99 = Quantile(values, kNinetyNinth)};
}

Proportion ProportionOf(int hits, int n) {
  const ProportionInterval interval = WilsonInterval(hits, n, kConfidence);
  return {.hits = hits,
          .n = n,
          .units = n,
          .rate = n > 0 ? static_cast<double>(hits) / n : 0.0,
          .low = interval.low,
          .high = interval.high};
}

Digest::Digest(const ReportInput& input) : input_(input) {
  std::set<std::string> seen;
  for (const Candidate& c : input.plan.models) AddOnce(c.name, &seen, &candidates_);
  for (const Sample& s : input.samples) AddOnce(s.model, &seen, &candidates_);
  for (const TaskAnswer& a : input.answers) AddOnce(a.model, &seen, &candidates_);
  seen.clear();
  for (const EvaluationPrompt& p : input.plan.prompts) {
    AddOnce(p.content_type, &seen, &content_types_);
  }
  for (const Sample& s : input.samples) AddOnce(s.content_type, &seen, &content_types_);
  for (const Sample& s : input.samples) {
    samples_[{s.model, ""}].push_back(&s);
    if (!s.content_type.empty()) samples_[{s.model, s.content_type}].push_back(&s);
  }
}

const SampleList& Digest::SamplesOf(const std::string& candidate,
                                    const std::string& content_type) const {
  static const SampleList* const kNone = new SampleList;
  const auto found = samples_.find({candidate, content_type});
  return found == samples_.end() ? *kNone : found->second;
}

const Summary* Digest::SummaryOf(std::string_view candidate, std::string_view content_type) const {
  const std::vector<Summary>& all = input_.evaluation.summaries;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Summary& s) {
    return s.model == candidate && s.content_type == content_type;
  });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> Digest::ScorersWithVersions() const {
  std::set<std::string> seen;
  std::vector<std::string> scorers;
  std::set<std::string> known;
  for (const Sample& sample : input_.samples) {
    for (const SampleScore& score : sample.scores) {
      AddOnce(absl::StrCat(score.scorer, " ", score.version), &seen, &scorers);
      known.insert(score.scorer);
    }
    if (sample.scores.empty() && !sample.scorer.empty()) {
      AddOnce(absl::StrCat(sample.scorer, " ", sample.scorer_version), &seen, &scorers);
      known.insert(sample.scorer);
    }
  }
  for (const std::string& name : input_.plan.scorers) {
    if (!known.contains(name)) AddOnce(name, &seen, &scorers);
  }
  return scorers;
}

std::vector<TaskResult> Digest::Tasks() const {
  std::map<std::pair<std::string, std::string>, TaskResult> found;
  std::map<std::string, TaskKind> kinds;
  const Items items = ItemsOf(input_.plan.tasks);
  for (const KnownAnswerTask& task : input_.plan.tasks) kinds[task.name] = task.kind;
  for (const TaskAnswer& answer : input_.answers) {
    const auto [at, added] = found.try_emplace({answer.task, answer.model});
    if (added) {
      at->second.candidate = answer.model;
      at->second.task = answer.task;
      const auto kind = kinds.find(answer.task);
      if (kind != kinds.end()) at->second.kind = kind->second;
    }
    CountAnswer(answer, items, &at->second);
  }
  std::vector<TaskResult> results;
  results.reserve(found.size());
  for (const KnownAnswerTask& task : input_.plan.tasks) {
    for (const std::string& candidate : candidates_) {
      const auto at = found.find({task.name, candidate});
      if (at == found.end()) continue;
      TaskResult& result = at->second;
      const int answered = result.items - result.failed;
      result.accuracy = ProportionOf(result.accuracy.hits, answered);
      result.accuracy_by_length = ProportionOf(result.accuracy_by_length.hits, answered);
      result.accuracy_by_bytes = ProportionOf(result.accuracy_by_bytes.hits, answered);
      results.push_back(result);
    }
  }
  return results;
}

TechnicalMetrics TechnicalMetricsOf(const SampleList& samples) {
  TechnicalMetrics technical;
  const auto quantiles = [&samples](double Generation::* field) {
    return QuantilesOf(Values(samples, [field](const Sample& s) { return s.generation.*field; }));
  };
  technical.latency_ms = quantiles(&Generation::total_ms);
  technical.first_token_ms = quantiles(&Generation::first_token_ms);
  technical.queue_ms = quantiles(&Generation::queue_ms);
  SampleList spaced;
  std::copy_if(samples.begin(), samples.end(), std::back_inserter(spaced), [](const Sample* s) {
    return s->error.empty() && s->generation.completion_tokens >= 2;
  });
  const auto median = [&spaced](double Generation::* field) {
    return QuantilesOf(Values(spaced, [field](const Sample& s) { return s.generation.*field; }))
        .p50;
  };
  technical.inter_token_ms = {.n = static_cast<int>(spaced.size()),
                              .p50 = median(&Generation::inter_token_p50_ms),
                              .p90 = median(&Generation::inter_token_p90_ms),
                              .p99 = median(&Generation::inter_token_p99_ms)};
  technical.tokens_per_second =
      MeanOf(Values(samples, [](const Sample& s) { return s.generation.tokens_per_second; }));
  technical.completion_tokens = MeanOf(Values(samples, [](const Sample& s) {
    return static_cast<double>(s.generation.completion_tokens);
  }));
  for (const Sample* sample : samples) {
    if (sample->energy.source.empty() || !std::isfinite(sample->energy.joules)) continue;
    technical.joules += sample->energy.joules;
    if (technical.energy_source.empty()) technical.energy_source = sample->energy.source;
  }
  return technical;
}

Proportion SuccessRateOf(const SampleList& samples) {
  struct Count {
    int hits = 0;
    int n = 0;
  };
  std::map<std::pair<std::string_view, std::string_view>, Count> prompts;
  Proportion result;
  for (const Sample* sample : samples) {
    Count& count = prompts[{sample->content_type, sample->prompt_id}];
    const int hit = sample->error.empty() ? 1 : 0;
    count.hits += hit;
    ++count.n;
    result.hits += hit;
    ++result.n;
  }
  if (prompts.empty()) return result;
  double successes = 0;
  for (const auto& [prompt, count] : prompts) {
    successes += static_cast<double>(count.hits) / count.n;
  }
  result.units = static_cast<int>(prompts.size());
  result.rate = successes / result.units;
  const ProportionInterval interval = WilsonInterval(successes, result.units, kConfidence);
  result.low = interval.low;
  result.high = interval.high;
  return result;
}

}  // namespace assay::evaluator
