// The sections on economics and on tasks with known answers.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "evaluator/economics/evaluation_cost.h"
#include "evaluator/report/charts.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/sections.h"

namespace assay::evaluator {
namespace {

constexpr double kMillion = 1e6;

PointSeries PointOf(const Summary& summary, int series, double x) {
  return {.label = summary.model, .series = series, .points = {{x, summary.quality_score.mean}}};
}

Chart TradeOffChart(const Digest& digest) {
  std::vector<PointSeries> cost;
  std::vector<PointSeries> latency;
  for (size_t i = 0; i < digest.candidates().size(); ++i) {
    const Summary* summary = digest.SummaryOf(digest.candidates()[i], "");
    if (summary == nullptr || summary->quality_score.n == 0) continue;
    const int series = static_cast<int>(i);
    cost.push_back(PointOf(*summary, series, summary->cost_usd.mean * kMillion));
    latency.push_back(PointOf(*summary, series, summary->latency_ms.mean));
  }
  Chart chart{
      .title = "Quality against cost and latency",
      .note = "Means per candidate; the upper left is best. The scales need not begin at 0."};
  if (cost.empty()) return chart;
  chart.panels.push_back(
      {"Cost", PointChart({"Quality against cost", "USD per million requests", "quality score"},
                          cost, true)});
  chart.panels.push_back(
      {"Latency", PointChart({"Quality against latency", "mean latency, ms", "quality score"},
                             latency, true)});
  return chart;
}

Table CostTable(const Digest& digest) {
  Table table{.caption = "Cost",
              .columns = {{"Candidate"},
                          {"Prompts", true},
                          {"Samples", true},
                          {"USD per request", true},
                          {"95 % interval", true},
                          {"USD per million", true},
                          {"ROI per piece", true},
                          {"J per request", true},
                          {"Energy source"}}};
  for (const std::string& candidate : digest.candidates()) {
    const Summary* summary = digest.SummaryOf(candidate, "");
    if (summary == nullptr) continue;
    const TechnicalMetrics t = TechnicalMetricsOf(digest.SamplesOf(candidate, ""));
    const Estimate& cost = summary->cost_usd;
    const bool measured = cost.n > 0;
    table.rows.push_back(
        {{candidate},
         {absl::StrCat(cost.n)},
         {absl::StrCat(cost.samples)},
         {measured ? Significant(cost.mean) : "-"},
         {Interval(cost.ci_low, cost.ci_high)},
         {measured ? Significant(cost.mean * kMillion) : "-"},
         {measured ? Significant(summary->roi_per_piece) : "-"},
         {measured && !t.energy_source.empty() ? Significant(t.joules / cost.samples) : "-"},
         {t.energy_source.empty() ? "-" : t.energy_source}});
  }
  return table;
}

Table FigureTable(const std::vector<ReportFigure>& figures) {
  Table table{.caption = "All figures with their formulas and inputs",
              .columns = {{"Figure"},
                          {"Candidate"},
                          {"Value", true},
                          {"Unit"},
                          {"Basis"},
                          {"Formula"},
                          {"Inputs"},
                          {"Note"}}};
  for (const auto& [candidate, figure] : figures) {
    const std::string inputs =
        absl::StrJoin(figure.inputs, "; ", [](std::string* out, const auto& input) {
          absl::StrAppend(out, input.first, " = ", Significant(input.second));
        });
    table.rows.push_back({{figure.name},
                          {TypeName(candidate)},
                          {figure.value ? Significant(*figure.value) : "-"},
                          {figure.unit.empty() ? "-" : figure.unit},
                          {figure.basis.empty() ? "-" : figure.basis},
                          {figure.formula},
                          {inputs},
                          {figure.note.empty() ? "-" : figure.note}});
  }
  LimitRows(&table);
  return table;
}

}  // namespace

Section EconomicsSection(const ReportInput& input, const Digest& digest) {
  Section section{.title = "Economics"};
  const EvaluationCost& cost = input.evaluation.analysis.cost;
  if (const std::string sentence = CostSentence(cost); !sentence.empty()) {
    section.blocks.emplace_back(Paragraph{absl::StrCat(
        Capitalize(sentence), ", ", Significant(cost.joules), " J (", cost.energy_source,
        "). Failed generations, loads, judges and scaling measurements are not included.")});
  }
  if (Chart chart = TradeOffChart(digest); !chart.panels.empty()) {
    section.blocks.emplace_back(std::move(chart));
  }
  if (!input.evaluation.summaries.empty()) section.blocks.emplace_back(CostTable(digest));
  if (!input.economics.empty()) {
    if (!input.plan.economics) {
      section.blocks.emplace_back(
          Paragraph{"This evaluation did not record its economic inputs. The figures below use the "
                    "server's current inputs.",
                    Tone::kFaint});
    }
    section.blocks.emplace_back(FigureTable(input.economics));
  }
  return section;
}

Section TaskSection(const ReportInput& /*input*/, const Digest& digest) {
  Section section{.title = "Tasks with known answers"};
  Table table{.caption = "Accuracy with Wilson's 95 % interval; perplexity per token",
              .columns = {{"Candidate"},
                          {"Task"},
                          {"Items", true},
                          {"Failed", true},
                          {"Accuracy", true},
                          {"95 % interval", true},
                          {"Normalized by length (acc_norm)", true},
                          {"Normalized by bytes (acc_bytes)", true},
                          {"Perplexity", true},
                          {"Log-likelihood", true},
                          {"Tokens", true}}};
  for (const TaskResult& t : digest.Tasks()) {
    const bool choice = t.accuracy.n > 0;
    const bool text = t.tokens > 0;
    table.rows.push_back(
        {{t.candidate},
         {t.task},
         {absl::StrCat(t.items)},
         {absl::StrCat(t.failed), t.failed > 0 ? Tone::kBad : Tone::kPlain},
         {choice && !text ? Percent(t.accuracy.rate) : "-"},
         {choice && !text ? absl::StrCat(Percent(t.accuracy.low), " to ", Percent(t.accuracy.high))
                          : "-"},
         {choice && !text ? Percent(t.accuracy_by_length.rate) : "-"},
         {choice && !text ? Percent(t.accuracy_by_bytes.rate) : "-"},
         {text ? Significant(t.perplexity) : "-"},
         {text ? Fixed(t.log_likelihood, 2) : "-"},
         {text ? absl::StrCat(t.tokens) : "-"}});
  }
  if (!table.rows.empty()) section.blocks.emplace_back(std::move(table));
  return section;
}

}  // namespace assay::evaluator
