// The sections on quality scores and on comparisons with the baseline.
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "evaluator/analysis/summary.h"
#include "evaluator/records/too_few.h"
#include "evaluator/report/charts.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/sections.h"
#include "evaluator/scoring/assay_scorer.h"
#include "evaluator/scoring/scorer.h"

namespace assay::evaluator {
namespace {

constexpr size_t kMaxUnpaired = 20;
constexpr size_t kMaxPanels = 24;

const Ranking* RankingOf(const Analysis& analysis, const std::string& content_type) {
  const auto found = std::find_if(analysis.rankings.begin(), analysis.rankings.end(),
                                  [&](const Ranking& r) { return r.content_type == content_type; });
  return found == analysis.rankings.end() ? nullptr : &*found;
}

// Returns the ranking's mean and interval (errors clustered over prompts) if the candidate is
// ranked, otherwise the summary's.
IntervalRow RowOf(const std::string& candidate, int series, const std::string& content_type,
                  const ReportInput& input, const Digest& digest) {
  IntervalRow row{.label = candidate, .series = series};
  if (const Summary* summary = digest.SummaryOf(candidate, content_type); summary != nullptr) {
    const Estimate& quality = summary->quality_score;
    row.n = quality.n;
    row.mean = quality.mean;
    row.low = quality.ci_low;
    row.high = quality.ci_high;
    row.too_few = TooFewPrompts(quality);
  }
  const Ranking* ranking = RankingOf(input.evaluation.analysis, content_type);
  if (ranking == nullptr) return row;
  for (const RankedCandidate& ranked : ranking->candidates) {
    if (ranked.name != candidate || ranked.n == 0) continue;
    row = {candidate,
           series,
           ranked.n,
           ranked.mean,
           ranked.ci_low,
           ranked.ci_high,
           TooFewPrompts(ranked)};
  }
  // An interval from so few prompts would look like evidence.
  if (!row.too_few.empty()) row.low = row.high = std::nullopt;
  return row;
}

Chart QualityChart(const ReportInput& input, const Digest& digest) {
  std::vector<std::string> types = {""};
  if (digest.content_types().size() > 1) {
    types.insert(types.end(), digest.content_types().begin(), digest.content_types().end());
  }
  if (types.size() > kMaxPanels) types.resize(kMaxPanels);
  std::vector<std::vector<IntervalRow>> rows;
  std::vector<double> ends;
  for (const std::string& type : types) {
    std::vector<IntervalRow>& panel = rows.emplace_back();
    for (size_t i = 0; i < digest.candidates().size(); ++i) {
      panel.push_back(RowOf(digest.candidates()[i], static_cast<int>(i), type, input, digest));
      if (panel.back().n == 0) continue;
      ends.push_back(panel.back().low.value_or(panel.back().mean));
      ends.push_back(panel.back().high.value_or(panel.back().mean));
    }
  }
  if (ends.empty()) return {};
  const Axis axis(ends, false);
  Chart chart{.title = "Quality score by content type",
              .note =
                  "Means and 95 % intervals of scores from 0 to 10. All panels share one scale, "
                  "which need not begin at 0. Overlapping intervals do not show that two "
                  "candidates are equal: see the comparisons."};
  for (size_t i = 0; i < types.size(); ++i) {
    const std::string title = types[i].empty() ? "All content types" : types[i];
    chart.panels.push_back({title, IntervalChart("Quality score, " + title, rows[i], axis)});
  }
  return chart;
}

Table QualityTable(const ReportInput& input, const Digest& digest) {
  std::vector<std::string> types = digest.content_types();
  const bool cut = types.size() > kMaxPanels;
  if (cut) types.resize(kMaxPanels);
  types.emplace_back();
  Table table{.caption = absl::StrCat("Mean quality score by content type",
                                      cut ? " (only the first types; the JSON has all)" : ""),
              .columns = {{"Candidate"}},
              .collapsed = true};
  for (const std::string& type : types) table.columns.push_back({TypeName(type), true});
  for (const std::string& candidate : digest.candidates()) {
    std::vector<Cell> row = {{candidate}};
    for (const std::string& type : types) {
      const IntervalRow value = RowOf(candidate, 0, type, input, digest);
      row.push_back({value.n == 0 ? "-" : ValueText(value)});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

// Returns one table per scorer. The rows are the parts of the score and the columns the candidates.
std::vector<Table> DimensionTables(const Digest& digest) {
  std::vector<std::string> scorers;
  std::map<std::string, std::map<std::string, std::map<std::string, PartMean>>> found;
  std::set<std::pair<std::string, std::string>> scored;
  for (const std::string& candidate : digest.candidates()) {
    for (PartMean& d : PartMeans(digest.SamplesOf(candidate, ""))) {
      if (!found.contains(d.scorer)) scorers.push_back(d.scorer);
      scored.insert({d.scorer, candidate});
      found[d.scorer][d.name][candidate] = d;
    }
  }
  std::vector<Table> tables;
  for (const std::string& scorer : scorers) {
    const bool gates =
        std::any_of(found[scorer].begin(), found[scorer].end(),
                    [](const auto& part) { return part.first.starts_with(kGatePrefix); });
    Table table{.caption = absl::StrCat("Mean parts of the score \"", scorer, "\"",
                                        gates ? "; a gate that did not fire counts as 1" : ""),
                .columns = {{"Part"}},
                .collapsed = scorer != scorers.front()};
    for (const std::string& name : digest.candidates()) table.columns.push_back({name, true});
    for (const auto& [part, means] : found[scorer]) {
      std::vector<Cell> row = {{part}};
      for (const std::string& candidate : digest.candidates()) {
        const auto mean = means.find(candidate);
        if (mean != means.end()) {
          row.push_back({Fixed(mean->second.mean, 2)});
        } else {
          const bool never_fired =
              part.starts_with(kGatePrefix) && scored.contains({scorer, candidate});
          row.push_back({never_fired ? Fixed(1, 2) : "-"});
        }
      }
      table.rows.push_back(std::move(row));
    }
    LimitRows(&table);
    tables.push_back(std::move(table));
  }
  return tables;
}

Cell VerdictCell(const Comparison& c) {
  switch (c.verdict) {
    case Verdict::kBetter:
      return {"better", Tone::kGood};
    case Verdict::kWorse:
      return {"worse", Tone::kBad};
    case Verdict::kNoDifferenceShown:
      return {"no difference shown", Tone::kFaint};
    case Verdict::kTooFewPairs:
      return {kTooFewMark, Tone::kFaint};
  }
  return {"-"};
}

std::vector<Cell> ComparisonRow(const Comparison& c) {
  const PairedResult& r = c.result;
  const bool tested = r.status != PairedStatus::kInsufficientPairs;
  const auto shown = [tested](const std::string& text) { return Cell{tested ? text : "-"}; };
  return {{c.candidate},
          {c.metric},
          {TypeName(c.content_type)},
          VerdictCell(c),
          shown(Significant(r.diff)),
          shown(Interval(r.ci_low, r.ci_high)),
          shown(PValue(c.p_adjusted)),
          shown(PValue(r.p_value)),
          shown(Fixed(r.effect_size, 2)),
          {absl::StrCat(r.n_paired)},
          shown(Significant(r.baseline_mean)),
          shown(Significant(r.candidate_mean)),
          {r.method.empty() ? "-" : r.method},
          {c.pairs_needed > 0 ? absl::StrCat(c.pairs_needed) : "-"},
          shown(Significant(c.detectable_difference)),
          {c.power_alpha > 0 ? Significant(c.power_alpha) : "-"}};
}

std::vector<Column> ComparisonColumns() {
  return {{"Candidate"},
          {"Metric"},
          {"Content type"},
          {"Verdict"},
          {"Difference", true},
          {"95 % interval", true},
          {"p adjusted", true},
          {"p", true},
          {"Effect d_z", true},
          {"Pairs", true},
          {"Baseline mean", true},
          {"Candidate mean", true},
          {"Test"},
          {"Pairs needed", true},
          {"Detectable", true},
          {"Level", true}};
}

// Says what the quality score judged, and warns of a reader that wrote some of the texts.
std::vector<Paragraph> BasisOfScores(const ReportInput& input) {
  const std::map<std::string, std::string>& versions = input.evaluation.scorer_versions;
  const auto version = versions.find("assay");
  const std::vector<std::string>& scorers = input.plan.scorers;
  const bool decides = scorers.empty() || scorers.front() == "assay";
  if (version == versions.end() || !decides) return {};
  if (IsFormOnly(version->second)) {
    return {
        {"The quality scores judge the form and the facts of the texts alone. No model read "
         "them, because evaluation.readers of the server names none.",
         Tone::kPlain}};
  }
  std::vector<Paragraph> paragraphs;
  for (const std::string& reader : ReadersOf(version->second)) {
    const bool writes =
        std::any_of(input.plan.models.begin(), input.plan.models.end(),
                    [&reader](const Candidate& candidate) { return candidate.model == reader; });
    if (!writes) continue;
    paragraphs.push_back({absl::StrCat("The model ", reader,
                                       " read the texts for the quality score and wrote some of "
                                       "them. Models prefer their own texts: choose another one "
                                       "under evaluation.readers."),
                          Tone::kBad});
  }
  return paragraphs;
}

}  // namespace

Section QualitySection(const ReportInput& input, const Digest& digest) {
  Section section{.title = "Quality"};
  if (input.evaluation.summaries.empty()) return section;
  for (Paragraph& paragraph : BasisOfScores(input)) {
    section.blocks.emplace_back(std::move(paragraph));
  }
  if (Chart chart = QualityChart(input, digest); !chart.panels.empty()) {
    section.blocks.emplace_back(std::move(chart));
  }
  section.blocks.emplace_back(QualityTable(input, digest));
  for (Table& table : DimensionTables(digest)) section.blocks.emplace_back(std::move(table));
  return section;
}

Section ComparisonSection(const ReportInput& input, const Digest& /*digest*/) {
  Section section{.title = "Comparisons with the baseline"};
  const Analysis& analysis = input.evaluation.analysis;
  if (analysis.comparisons.empty()) return section;
  section.blocks.emplace_back(Paragraph{
      absl::StrCat("Baseline: ", analysis.baseline,
                   ". Differences are candidate - baseline, paired by prompt. \"p "
                   "adjusted\" is corrected (method: ",
                   analysis.correction,
                   ") over the candidates and content types of one metric, for quality scores over "
                   "every two candidates; a verdict of "
                   "better or worse needs p adjusted < ",
                   analysis.alpha,
                   ". \"Pairs needed\" and \"detectable\" are for the paired t-test with "
                   "a power of 0.8 at \"level\", which is alpha, divided by the number of "
                   "tests if p-values are corrected."),
      Tone::kFaint});
  Table whole{.caption = "Over all content types", .columns = ComparisonColumns()};
  Table by_type{.caption = "By content type", .columns = ComparisonColumns(), .collapsed = true};
  std::set<std::string> unpaired;
  for (const Comparison& c : analysis.comparisons) {
    (c.content_type.empty() ? whole : by_type).rows.push_back(ComparisonRow(c));
    for (const std::string& reason : c.unpaired) {
      unpaired.insert(absl::StrCat(c.candidate, ", ", reason));
    }
  }
  for (Table* table : {&whole, &by_type}) {
    if (table->rows.empty()) continue;
    LimitRows(table);
    section.blocks.emplace_back(std::move(*table));
  }
  if (unpaired.empty()) return section;
  Table left_out{.caption = absl::StrCat("Prompts left out of comparisons: ", unpaired.size()),
                 .columns = {{"Candidate, prompt and reason"}},
                 .collapsed = true};
  for (const std::string& reason : unpaired) {
    if (left_out.rows.size() == kMaxUnpaired) break;
    left_out.rows.push_back({{reason}});
  }
  if (unpaired.size() > kMaxUnpaired) {
    left_out.rows.push_back(
        {{absl::StrCat(unpaired.size() - kMaxUnpaired, " more: see the JSON")}});
  }
  section.blocks.emplace_back(std::move(left_out));
  return section;
}

}  // namespace assay::evaluator
