// The section on what judges prefer.
#include "absl/strings/str_cat.h"
#include "evaluator/raters/judgment_summary.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/plain_text.h"
#include "evaluator/report/sections.h"

namespace assay::evaluator {
namespace {

Table PairTable(const JudgmentSummary& summary, double alpha) {
  Table table{.caption =
                  "Preferences between two candidates, with 95 % Wilson intervals over "
                  "prompts",
              .columns = {{"Judge"},
                          {"First"},
                          {"Second"},
                          {"Prompts", true},
                          {"First wins", true},
                          {"Second wins", true},
                          {"Ties", true},
                          {"Share of the first", true},
                          {"Sign test p", true},
                          {"p corrected", true},
                          {"Result"}}};
  for (const PairPreference& p : summary.pairs) {
    const bool shown = p.p_adjusted < alpha;
    const std::string& preferred = p.share > 0.5 ? p.first : p.second;
    table.rows.push_back(
        {{p.judge},
         {p.first},
         {p.second},
         {absl::StrCat(p.prompts)},
         {absl::StrCat(p.wins)},
         {absl::StrCat(p.losses)},
         {absl::StrCat(p.ties)},
         StatisticCell(RatedStatistic{.value = p.share, .low = p.low, .high = p.high}),
         {PValue(p.p_value)},
         {PValue(p.p_adjusted)},
         {shown ? absl::StrCat("prefers ", preferred) : "no preference shown",
          shown ? Tone::kGood : Tone::kFaint}});
  }
  LimitRows(&table);
  return table;
}

Table JudgeTable(const JudgmentSummary& summary) {
  Table table{.caption = "How far each judge can be trusted",
              .columns = {{"Judge"},
                          {"Version"},
                          {"Judgments", true},
                          {"Failed", true},
                          {"Follows the position", true},
                          {"First, second"},
                          {"Agrees with people", true},
                          {"Pairs rated by people", true},
                          {"Cost", true}}};
  for (const JudgeRecord& r : summary.judges) {
    const bool is_jury = !r.position_bias.has_value() && r.version.empty();
    table.rows.push_back({{r.judge},
                          {is_jury ? "majority" : r.version},
                          {absl::StrCat(r.judgments)},
                          {absl::StrCat(r.failures)},
                          StatisticCell(r.position_bias),
                          {is_jury ? "-" : absl::StrCat(r.follows_first, ", ", r.follows_second)},
                          StatisticCell(r.people_agreement),
                          {absl::StrCat(r.people_pairs)},
                          {is_jury ? "-"
                                   : absl::StrCat(r.cost_complete ? "" : "at least ", "$",
                                                  Significant(r.cost_usd))}});
  }
  return table;
}

}  // namespace

Section JudgmentSection(const ReportInput& input, const Digest& /*digest*/) {
  Section section{.title = "What the judges prefer"};
  if (input.judgments.empty()) return section;
  const JudgmentSummary summary = SummarizeJudgments(input.plan, input.judgments, input.ratings);
  section.blocks.emplace_back(Paragraph{
      "Each judge saw two candidates' texts for the same prompt in both orders. A candidate wins "
      "if its text is preferred in both; otherwise the pair is a tie, which counts half in the "
      "share. A decision follows the position if the judge chose the text in the same place in "
      "both orders. Judges are language models, so their preferences count as evidence only as "
      "far as they agree with people."});
  if (!summary.warnings.empty()) {
    List warnings;
    for (const std::string& warning : summary.warnings) {
      warnings.items.push_back(absl::StrCat("Warning: ", CleanLine(warning)));
    }
    section.blocks.emplace_back(std::move(warnings));
  }
  section.blocks.emplace_back(PairTable(summary, input.plan.alpha));
  section.blocks.emplace_back(JudgeTable(summary));
  if (summary.agreement_units > 0) {
    section.blocks.emplace_back(Paragraph{absl::StrCat(
        "Agreement of the judges on ", summary.agreement_units,
        " pairs of texts (Krippendorff's alpha, nominal, with a 95 % bootstrap interval): ",
        StatisticCell(summary.agreement).text, ". 1 is perfect agreement, 0 is chance.")});
  }
  return section;
}

}  // namespace assay::evaluator
