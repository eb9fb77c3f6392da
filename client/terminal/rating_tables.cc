// People's ratings as text.
#include "client/terminal/rating_tables.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/terminal/console.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr int kFirstNumberColumn = 2;

std::string TypeText(const std::string& type) { return type.empty() ? "all" : OneLine(type); }

std::string StatisticText(bool present, const v1::RatedStatistic& statistic) {
  if (!present) return "-";
  std::string text = absl::StrFormat("%.2f", statistic.value());
  if (statistic.has_ci_low() && statistic.has_ci_high()) {
    absl::StrAppend(&text,
                    absl::StrFormat(" (%.2f..%.2f)", statistic.ci_low(), statistic.ci_high()));
  }
  return text;
}

}  // namespace

std::string RatingSummaryText(const v1::SummarizeRatingsResponse& reply) {
  if (reply.agreements().empty()) return "there are no ratings\n";
  Table raters{.header = {"CONTENT TYPE", "KIND", "RATERS", "UNITS", "ALPHA (95% CI)",
                          "KAPPA (95% CI)", "N", "NOTE"},
               .first_right = kFirstNumberColumn};
  for (const v1::RaterAgreement& a : reply.agreements()) {
    raters.rows.push_back({TypeText(a.content_type()), OneLine(a.kind()), absl::StrCat(a.raters()),
                           absl::StrCat(a.units()), StatisticText(a.has_alpha(), a.alpha()),
                           StatisticText(a.has_kappa(), a.kappa()), absl::StrCat(a.kappa_units()),
                           a.note().empty() ? "-" : OneLine(a.note())});
  }
  Table scores{.header = {"CONTENT TYPE", "SCORER", "SAMPLES", "PROMPTS", "SPEARMAN (95% CI)",
                          "PAIRS", "SAME ORDER (95% CI)", "ERROR (95% CI)", "UNCALIBRATED"},
               .first_right = kFirstNumberColumn};
  std::string sentences;
  for (const v1::ScoreCalibration& c : reply.calibrations()) {
    scores.rows.push_back(
        {TypeText(c.content_type()), OneLine(c.scorer()), absl::StrCat(c.samples()),
         absl::StrCat(c.prompts()), StatisticText(c.has_spearman(), c.spearman()),
         absl::StrCat(c.pairs()), StatisticText(c.has_pair_agreement(), c.pair_agreement()),
         StatisticText(c.has_absolute_error(), c.absolute_error()),
         c.samples() > 0 ? absl::StrFormat("%.2f", c.raw_absolute_error()) : "-"});
    absl::StrAppend(&sentences, OneLine(c.sentence()), "\n");
  }
  return absl::StrCat(sentences, "\n", FormatTable(raters), "\n", FormatTable(scores));
}

}  // namespace assay::client
