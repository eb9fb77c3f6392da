// The section on differences of single prompts.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "evaluator/analysis/prompt_differences.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/sections.h"

namespace assay::evaluator {
namespace {

Tone ToneOf(double difference) {
  if (difference < 0) return Tone::kBad;
  return difference > 0 ? Tone::kGood : Tone::kPlain;
}

}  // namespace

Section PromptSection(const ReportInput& input, const Digest& /*digest*/) {
  Section section{.title = "Differences on single prompts"};
  const std::string& baseline = input.evaluation.analysis.baseline;
  const std::vector<PromptDifference> rows = PromptDifferences(input.plan, baseline, input.samples);
  if (rows.empty()) return section;
  section.blocks.emplace_back(
      Paragraph{absl::StrCat("Baseline: ", baseline,
                             ". The worst regressions are first. A single prompt is no evidence: "
                             "read the texts with `assay evaluations diff ",
                             input.evaluation.id, " --prompt PROMPT`."),
                Tone::kFaint});
  Table table{.caption = "Quality score of every prompt",
              .columns = {{"Prompt"},
                          {"Content type"},
                          {"Candidate"},
                          {"Baseline score", true},
                          {"Candidate score", true},
                          {"Difference", true}},
              .collapsed = true};
  for (const PromptDifference& row : rows) {
    table.rows.push_back({{row.prompt_id},
                          {TypeName(row.content_type)},
                          {row.candidate},
                          {Fixed(row.baseline_score, 2)},
                          {Fixed(row.candidate_score, 2)},
                          {Fixed(row.difference, 2), ToneOf(row.difference)}});
  }
  LimitRows(&table);
  section.blocks.emplace_back(std::move(table));
  return section;
}

}  // namespace assay::evaluator
