// The sections on timings, reliability and memory.
#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "evaluator/analysis/analysis.h"
#include "evaluator/report/charts.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/plain_text.h"
#include "evaluator/report/sections.h"

namespace assay::evaluator {
namespace {

constexpr size_t kMaxFailures = 30;
constexpr size_t kErrorCharacters = 300;
constexpr double kBytesPerGib = 1024.0 * 1024 * 1024;

using ValueOf = double (*)(const Sample&);

Panel DistributionPanel(const std::string& title, const Digest& digest, ValueOf value_of) {
  std::vector<DistributionRow> rows;
  for (size_t i = 0; i < digest.candidates().size(); ++i) {
    DistributionRow& row = rows.emplace_back();
    row.label = digest.candidates()[i];
    row.series = static_cast<int>(i);
    for (const Sample* sample : digest.SamplesOf(row.label, "")) {
      const double value = value_of(*sample);
      if (sample->error.empty() && std::isfinite(value)) row.values.push_back(value);
    }
    std::sort(row.values.begin(), row.values.end());
  }
  return {title, DistributionChart(title, rows)};
}

void AddQuantiles(const Quantiles& q, std::vector<Cell>* row) {
  for (const double value : {q.p50, q.p90, q.p99}) {
    row->push_back({q.n == 0 ? "-" : Significant(value)});
  }
}

Table TimingTable(const Digest& digest) {
  Table table{.caption = "Timings, ms, and memory",
              .columns = {{"Candidate"},
                          {"n", true},
                          {"Latency p50", true},
                          {"p90", true},
                          {"p99", true},
                          {"First token p50", true},
                          {"p90", true},
                          {"p99", true},
                          {"Between tokens p50", true},
                          {"p90", true},
                          {"p99", true},
                          {"Queue p90", true},
                          {"Tokens/s", true},
                          {"Load, s", true},
                          {"Resident", true},
                          {"Server peak", true},
                          {"KV cache", true},
                          {"Device", true}}};
  for (const std::string& candidate : digest.candidates()) {
    const TechnicalMetrics t = TechnicalMetricsOf(digest.SamplesOf(candidate, ""));
    const Summary* summary = digest.SummaryOf(candidate, "");
    std::vector<Cell> row = {{candidate}, {absl::StrCat(t.latency_ms.n)}};
    AddQuantiles(t.latency_ms, &row);
    AddQuantiles(t.first_token_ms, &row);
    AddQuantiles(t.inter_token_ms, &row);
    const bool measured = t.latency_ms.n > 0;
    row.push_back({measured ? Significant(t.queue_ms.p90) : "-"});
    row.push_back({measured ? Significant(t.tokens_per_second) : "-"});
    const bool loaded = summary != nullptr && summary->resident_bytes > 0;
    row.push_back({loaded ? Significant(summary->load_seconds) : "-"});
    row.push_back({loaded ? Bytes(static_cast<double>(summary->resident_bytes)) : "-"});
    row.push_back({summary != nullptr && summary->memory.peak_bytes > 0
                       ? Bytes(static_cast<double>(summary->memory.peak_bytes))
                       : "-"});
    for (int64_t MemoryUse::* part : {&MemoryUse::kv_cache_bytes, &MemoryUse::device_bytes}) {
      const int64_t bytes = summary == nullptr ? 0 : summary->memory.*part;
      row.push_back({bytes > 0 ? Bytes(static_cast<double>(bytes)) : "-"});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

// Returns one row per candidate and error, most frequent first.
Table FailureTable(const std::vector<Sample>& samples) {
  struct Group {
    int count = 0;
    std::string first_prompt;
  };
  std::map<std::pair<std::string, std::string>, Group> groups;
  for (const Sample& sample : samples) {
    if (sample.error.empty()) continue;
    Group& group = groups[{sample.model, sample.error}];
    if (group.count++ == 0) group.first_prompt = sample.prompt_id;
  }
  std::vector<std::pair<std::pair<std::string, std::string>, Group>> sorted(groups.begin(),
                                                                            groups.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.count > b.second.count; });
  Table table{.caption = "Failures by error",
              .columns = {{"Candidate"}, {"Samples", true}, {"Error"}, {"First prompt"}}};
  for (const auto& [key, group] : sorted) {
    if (table.rows.size() == kMaxFailures) {
      table.rows.push_back(
          {{absl::StrCat(sorted.size() - kMaxFailures, " more errors: see the JSONL")},
           {""},
           {""},
           {""}});
      break;
    }
    table.rows.push_back({{key.first},
                          {absl::StrCat(group.count)},
                          {Shorten(CleanLine(key.second), kErrorCharacters)},
                          {group.first_prompt}});
  }
  return table;
}

Cell VerdictCell(const MemoryTrend& trend) {
  if (trend.n == 0) return {absl::StrCat("needs ", kMinTrendSamples, " samples")};
  return trend.leaks ? Cell{"fail", Tone::kBad} : Cell{"pass", Tone::kGood};
}

}  // namespace

Section TimingSection(const ReportInput& input, const Digest& digest) {
  Section section{.title = "Timings"};
  if (input.samples.empty()) return section;
  Chart chart{
      .title = "Distributions",
      .note = absl::StrCat("One dot per sample (at most ", kMaxPoints,
                           " per candidate, evenly spaced by rank). The box spans the first to the "
                           "third quartile; the bar marks the median.")};
  chart.panels.push_back(DistributionPanel("Latency, ms", digest,
                                           [](const Sample& s) { return s.generation.total_ms; }));
  chart.panels.push_back(DistributionPanel("Time to first token, ms", digest, [](const Sample& s) {
    return s.generation.first_token_ms;
  }));
  chart.panels.push_back(DistributionPanel(
      "Tokens per second", digest, [](const Sample& s) { return s.generation.tokens_per_second; }));
  const bool measured = std::any_of(input.samples.begin(), input.samples.end(),
                                    [](const Sample& s) { return s.error.empty(); });
  if (measured) section.blocks.emplace_back(std::move(chart));
  section.blocks.emplace_back(TimingTable(digest));
  const auto loads = std::count_if(input.samples.begin(), input.samples.end(),
                                   [](const Sample& s) { return s.generation.load_ms > 0; });
  if (loads > 0) {
    section.blocks.emplace_back(Paragraph{
        absl::StrCat("The models did not all stay resident: ", loads, " of ", input.samples.size(),
                     " samples had to wait for a model load. The timings exclude these waits, but "
                     "users would experience them.")});
  }
  return section;
}

Section ReliabilitySection(const ReportInput& input, const Digest& digest) {
  Section section{.title = "Reliability"};
  if (input.samples.empty()) return section;
  Table table{.caption = "Success rate with Wilson's 95 % interval over prompts",
              .columns = {{"Candidate"},
                          {"Samples", true},
                          {"Prompts", true},
                          {"Failed", true},
                          {"Success rate", true},
                          {"95 % interval", true}}};
  bool failures = false;
  for (const std::string& candidate : digest.candidates()) {
    const Proportion p = SuccessRateOf(digest.SamplesOf(candidate, ""));
    const int failed = p.n - p.hits;
    failures = failures || failed > 0;
    table.rows.push_back(
        {{candidate},
         {absl::StrCat(p.n)},
         {absl::StrCat(p.units)},
         {absl::StrCat(failed), failed > 0 ? Tone::kBad : Tone::kPlain},
         {p.n == 0 ? "-" : Percent(p.rate)},
         {p.n == 0 ? "-" : absl::StrCat(Percent(p.low), " to ", Percent(p.high))}});
  }
  section.blocks.emplace_back(std::move(table));
  if (failures) section.blocks.emplace_back(FailureTable(input.samples));
  return section;
}

Section MemorySection(const ReportInput& input, const Digest& digest) {
  Section section{.title = "Memory"};
  std::vector<PointSeries> series;
  absl::Time start = absl::InfiniteFuture();
  for (const Sample& sample : input.samples) start = std::min(start, sample.finished_at);
  for (size_t i = 0; i < digest.candidates().size(); ++i) {
    PointSeries one{.label = digest.candidates()[i], .series = static_cast<int>(i)};
    for (const Sample* sample : digest.SamplesOf(one.label, "")) {
      if (!sample->error.empty() || sample->memory.after_bytes <= 0) continue;
      one.points.emplace_back(absl::ToDoubleMinutes(sample->finished_at - start),
                              static_cast<double>(sample->memory.after_bytes) / kBytesPerGib);
    }
    if (!one.points.empty()) series.push_back(std::move(one));
  }
  if (!series.empty()) {
    const PointChartText text{.title = "Resident memory of the server over time",
                              .x_title = "minutes since the first sample",
                              .y_title = "GiB"};
    Chart chart{
        .title = "Resident memory of the server after each sample",
        .note = absl::StrCat("Grouped by the measured candidate; all candidates share one process. "
                             "At most ",
                             kMaxPoints, " points per candidate. The scale need not begin at 0.")};
    chart.panels.push_back({"", PointChart(text, series, false)});
    section.blocks.emplace_back(std::move(chart));
  }
  if (input.evaluation.analysis.memory.empty()) return section;
  Table table{
      .caption = absl::StrCat(
          "Growth per sample over the second half (Theil-Sen slope); fails if the whole interval "
          "is above ",
          Bytes(kLeakBytesPerSample)),
      .columns = {
          {"Candidate"}, {"n", true}, {"Slope", true}, {"95 % interval", true}, {"Leak test"}}};
  for (const MemoryTrend& trend : input.evaluation.analysis.memory) {
    table.rows.push_back(
        {{trend.model},
         {absl::StrCat(trend.n)},
         {trend.n == 0 ? "-" : Bytes(trend.slope)},
         {trend.n == 0 ? "-" : absl::StrCat(Bytes(trend.ci_low), " to ", Bytes(trend.ci_high))},
         VerdictCell(trend)});
  }
  section.blocks.emplace_back(std::move(table));
  return section;
}

}  // namespace assay::evaluator
