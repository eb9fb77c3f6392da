// What judges prefer as text.
#include "client/terminal/judgment_tables.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/terminal/console.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr int kFirstPairNumber = 3;
constexpr int kFirstJudgeNumber = 2;

std::string RangeText(double value, double low, double high) {
  return absl::StrFormat("%.2f (%.2f..%.2f)", value, low, high);
}

std::string StatisticText(bool present, const v1::RatedStatistic& statistic) {
  if (!present) return "-";
  if (statistic.has_ci_low() && statistic.has_ci_high()) {
    return RangeText(statistic.value(), statistic.ci_low(), statistic.ci_high());
  }
  return absl::StrFormat("%.2f", statistic.value());
}

Table PairTable(const v1::JudgingSummary& summary) {
  Table table{.header = {"JUDGE", "FIRST", "SECOND", "PROMPTS", "WINS", "LOSSES", "TIES",
                         "SHARE (95% CI)", "P", "P CORRECTED"},
              .first_right = kFirstPairNumber};
  for (const v1::JudgedPair& p : summary.pairs()) {
    table.rows.push_back(
        {OneLine(p.judge()), OneLine(p.first()), OneLine(p.second()), absl::StrCat(p.prompts()),
         absl::StrCat(p.wins()), absl::StrCat(p.losses()), absl::StrCat(p.ties()),
         RangeText(p.share(), p.ci_low(), p.ci_high()), absl::StrFormat("%.4f", p.p_value()),
         absl::StrFormat("%.4f", p.p_adjusted())});
  }
  return table;
}

Table JudgeTable(const v1::JudgingSummary& summary) {
  Table table{.header = {"JUDGE", "VERSION", "JUDGED", "FAILED", "FOLLOWS POSITION (95% CI)",
                         "FIRST", "SECOND", "LIKE PEOPLE (95% CI)", "RATED", "COST"},
              .first_right = kFirstJudgeNumber};
  for (const v1::JudgeRecord& r : summary.judges()) {
    const bool is_jury = r.version().empty();
    table.rows.push_back({OneLine(r.judge()), is_jury ? "majority" : OneLine(r.version()),
                          absl::StrCat(r.judgments()), absl::StrCat(r.failures()),
                          is_jury || r.judgments() == 0
                              ? "-"
                              : RangeText(r.position_bias(), r.bias_low(), r.bias_high()),
                          is_jury ? "-" : absl::StrCat(r.follows_first()),
                          is_jury ? "-" : absl::StrCat(r.follows_second()),
                          StatisticText(r.has_people_agreement(), r.people_agreement()),
                          absl::StrCat(r.people_pairs()), is_jury ? "-" : FormatUsd(r.cost_usd())});
  }
  return table;
}

}  // namespace

std::string JudgingSummaryText(const v1::JudgingSummary& summary) {
  std::string text =
      absl::StrCat(FormatTable(PairTable(summary)), "\n", FormatTable(JudgeTable(summary)), "\n");
  if (summary.agreement_units() > 0) {
    absl::StrAppend(&text, "agreement of the judges (Krippendorff's alpha): ",
                    StatisticText(summary.has_agreement(), summary.agreement()), " on ",
                    summary.agreement_units(), " pairs\n");
  }
  absl::StrAppend(&text, "questions: ", summary.asked(), " sent, ", summary.cached(),
                  " answered from the store; cost now ", FormatUsd(summary.spent_usd()),
                  ", of all judgments ", FormatUsd(summary.cost_usd()), "\n");
  for (const std::string& warning : summary.warnings()) {
    absl::StrAppend(&text, "warning: ", OneLine(warning), "\n");
  }
  return text;
}

}  // namespace assay::client
