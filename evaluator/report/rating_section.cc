// The section on people's ratings.
#include "absl/strings/str_cat.h"
#include "evaluator/raters/rating_summary.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/sections.h"

namespace assay::evaluator {
namespace {

constexpr int kDecimals = 2;

Table AgreementTable(const RatingSummary& summary) {
  Table table{.caption = "Agreement of raters, with 95 % bootstrap intervals over samples or pairs",
              .columns = {{"Content type"},
                          {"Ratings"},
                          {"Raters", true},
                          {"Rated twice", true},
                          {"Krippendorff's alpha", true},
                          {"Cohen's kappa", true},
                          {"Note"}}};
  for (const RaterAgreement& a : summary.agreements) {
    table.rows.push_back({{TypeName(a.content_type)},
                          {a.pairwise ? "preferences" : "scores"},
                          {absl::StrCat(a.raters)},
                          {absl::StrCat(a.units)},
                          StatisticCell(a.alpha),
                          StatisticCell(a.kappa),
                          {a.note.empty() ? "-" : a.note}});
  }
  return table;
}

Table ScoreTable(const RatingSummary& summary) {
  Table table{.caption = "The score against people, with 95 % bootstrap intervals over prompts",
              .columns = {{"Content type"},
                          {"Scorer"},
                          {"Samples", true},
                          {"Prompts", true},
                          {"Rank correlation", true},
                          {"Pairs", true},
                          {"Same order", true},
                          {"Error after calibration", true},
                          {"Error before", true}}};
  for (const ScoreCalibration& c : summary.calibrations) {
    table.rows.push_back({{TypeName(c.content_type)},
                          {c.scorer},
                          {absl::StrCat(c.samples)},
                          {absl::StrCat(c.prompts)},
                          StatisticCell(c.spearman),
                          {absl::StrCat(c.pairs)},
                          StatisticCell(c.pair_agreement),
                          StatisticCell(c.absolute_error),
                          {c.samples > 0 ? Fixed(c.raw_absolute_error, kDecimals) : "-"}});
  }
  return table;
}

Table CalibrationTable(const RatingSummary& summary) {
  Table table{.caption = "Calibration: what people give to samples of a score",
              .columns = {{"Content type"},
                          {"Score from", true},
                          {"Score to", true},
                          {"Samples", true},
                          {"Rating", true}},
              .collapsed = true};
  for (const ScoreCalibration& c : summary.calibrations) {
    for (const IsotonicBlock& step : c.steps) {
      table.rows.push_back({{TypeName(c.content_type)},
                            {Fixed(step.low, kDecimals)},
                            {Fixed(step.high, kDecimals)},
                            {Significant(step.weight)},
                            {Fixed(step.value, kDecimals)}});
    }
  }
  LimitRows(&table);
  return table;
}

}  // namespace

Section RatingSection(const ReportInput& input, const Digest& /*digest*/) {
  Section section{.title = "How far the score can stand in for people"};
  const RatingSummary summary = SummarizeRatings(input.samples, input.ratings);
  if (summary.agreements.empty()) return section;
  List sentences;
  for (const ScoreCalibration& calibration : summary.calibrations) {
    sentences.items.push_back(calibration.sentence);
  }
  section.blocks.emplace_back(std::move(sentences));
  section.blocks.emplace_back(AgreementTable(summary));
  section.blocks.emplace_back(ScoreTable(summary));
  if (Table table = CalibrationTable(summary); !table.rows.empty()) {
    section.blocks.emplace_back(std::move(table));
  }
  return section;
}

}  // namespace assay::evaluator
