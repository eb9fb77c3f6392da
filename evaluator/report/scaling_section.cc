// The section on scaling: more concurrent requests and more resident models.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "evaluator/report/charts.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/sections.h"

namespace assay::evaluator {
namespace {

using PointValue = double (*)(const ScalingPoint&);

Panel ScalingPanel(const std::vector<ScalingPoint>& points, ScalingKind kind,
                   const std::string& y_title, PointValue value_of) {
  std::vector<PointSeries> series;
  for (const ScalingPoint& point : points) {
    if (point.kind != kind || point.requests == point.failures) continue;
    auto one = std::find_if(series.begin(), series.end(),
                            [&point](const PointSeries& s) { return s.label == point.model; });
    if (one == series.end()) {
      series.push_back({.label = point.model, .series = static_cast<int>(series.size())});
      one = std::prev(series.end());
    }
    one->points.emplace_back(point.level, value_of(point));
  }
  if (series.empty()) return {};
  const std::string x_title =
      kind == ScalingKind::kConcurrency ? "concurrent requests" : "resident models";
  const std::string title = absl::StrCat(y_title, " against ", x_title);
  return {title, PointChart({title, x_title, y_title}, series, false)};
}

Table ScalingTable(const std::vector<ScalingPoint>& points) {
  Table table{.caption = "Scaling, ms",
              .columns = {{"Candidate"},
                          {"Variable"},
                          {"Level", true},
                          {"Requests", true},
                          {"Failed", true},
                          {"Total tokens/s", true},
                          {"Latency p50", true},
                          {"p90", true},
                          {"First token p50", true},
                          {"p90", true},
                          {"Server memory", true}}};
  for (const ScalingPoint& p : points) {
    const bool measured = p.requests > p.failures;
    const auto shown = [measured](double value) {
      return Cell{measured ? Significant(value) : "-"};
    };
    table.rows.push_back(
        {{p.model},
         {p.kind == ScalingKind::kConcurrency ? "concurrent requests" : "resident models"},
         {absl::StrCat(p.level)},
         {absl::StrCat(p.requests)},
         {absl::StrCat(p.failures), p.failures > 0 ? Tone::kBad : Tone::kPlain},
         shown(p.tokens_per_second),
         shown(p.latency_p50_ms),
         shown(p.latency_p90_ms),
         shown(p.first_token_p50_ms),
         shown(p.first_token_p90_ms),
         {Bytes(static_cast<double>(p.resident_bytes))}});
  }
  LimitRows(&table);
  return table;
}

}  // namespace

Section ScalingSection(const ReportInput& input, const Digest& /*digest*/) {
  Section section{.title = "Scaling"};
  const std::vector<ScalingPoint>& points = input.evaluation.scaling;
  if (points.empty()) return section;
  const auto throughput = [](const ScalingPoint& p) { return p.tokens_per_second; };
  const auto latency = [](const ScalingPoint& p) { return p.latency_p50_ms; };
  Chart chart{.title = "Concurrent requests and resident models",
              .note =
                  "Concurrent requests were measured after the samples, one level at a time. "
                  "Resident models: the first candidate's latency while the models were loaded "
                  "one after the other, before the samples; models that were already resident "
                  "count. The scales need not begin at 0."};
  for (Panel& panel :
       std::vector<Panel>{ScalingPanel(points, ScalingKind::kConcurrency, "tokens/s", throughput),
                          ScalingPanel(points, ScalingKind::kConcurrency, "median ms", latency),
                          ScalingPanel(points, ScalingKind::kResidents, "median ms", latency)}) {
    if (!panel.svg.empty()) chart.panels.push_back(std::move(panel));
  }
  if (!chart.panels.empty()) section.blocks.emplace_back(std::move(chart));
  section.blocks.emplace_back(ScalingTable(points));
  return section;
}

}  // namespace assay::evaluator
