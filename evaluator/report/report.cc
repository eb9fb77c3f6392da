// The assembly of reports from their sections.
#include "evaluator/report/report.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "evaluator/economics/evaluation_cost.h"
#include "evaluator/report/digest.h"
#include "evaluator/report/document.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/sections.h"

namespace assay::evaluator {
namespace {

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

std::vector<std::string> Facts(const Evaluation& evaluation) {
  std::vector<std::string> facts;
  facts.push_back(absl::StrCat("Evaluation ", evaluation.id, " ", StateText(evaluation.state), ", ",
                               evaluation.finished_samples, " of ", evaluation.total_samples,
                               " samples and answers"));
  if (evaluation.started_at > absl::UnixEpoch()) {
    std::string times = absl::StrCat("Started ", TimeText(evaluation.started_at));
    if (evaluation.finished_at > evaluation.started_at) {
      absl::StrAppend(&times, ", took ",
                      absl::FormatDuration(absl::Trunc(
                          evaluation.finished_at - evaluation.started_at, absl::Seconds(1))));
    }
    if (evaluation.resumes > 0) absl::StrAppend(&times, ", resumed ", evaluation.resumes, " times");
    facts.push_back(times);
  }
  if (std::string cost = CostSentence(evaluation.analysis.cost); !cost.empty()) {
    facts.push_back(Capitalize(std::move(cost)));
  }
  for (const RunLink& run : evaluation.runs) {
    facts.push_back(absl::StrCat("MLflow run of ", run.model, ": ", run.url));
  }
  return facts;
}

Document BuildDocument(const ReportInput& input) {
  const Digest digest(input);
  Document document;
  const std::string& name =
      input.evaluation.name.empty() ? input.evaluation.id : input.evaluation.name;
  document.title = absl::StrCat("Evaluation: ", name);
  document.facts = Facts(input.evaluation);
  for (const auto section :
       {DecisionSection, QualitySection, ExampleSection, ComparisonSection, PromptSection,
        RatingSection, JudgmentSection, TimingSection, ScalingSection, ReliabilitySection,
        MemorySection, EconomicsSection, TaskSection, PlanSection, EstimateSection,
        ReproductionSection, MethodSection}) {
    Section built = section(input, digest);
    if (!built.blocks.empty()) document.sections.push_back(std::move(built));
  }
  return document;
}

}  // namespace

Cell StatisticCell(const std::optional<RatedStatistic>& statistic) {
  constexpr int kDecimals = 2;
  if (!statistic.has_value()) return {"-"};
  return {absl::StrCat(Fixed(statistic->value, kDecimals), " (",
                       Interval(statistic->low, statistic->high, kDecimals), ")")};
}

std::string TypeName(const std::string& content_type) {
  return content_type.empty() ? "all" : content_type;
}

std::string StateText(EvaluationState state) {
  switch (state) {
    case EvaluationState::kRunning:
      return "is still running";
    case EvaluationState::kSucceeded:
      return "has succeeded";
    case EvaluationState::kFailed:
      return "has failed";
    case EvaluationState::kCancelled:
      return "was cancelled";
  }
  return "is in an unknown state";
}

void LimitRows(Table* table) {
  if (table->rows.size() <= kMaxTableRows) return;
  const size_t hidden = table->rows.size() - kMaxTableRows;
  table->rows.resize(kMaxTableRows);
  std::vector<Cell> last(table->columns.size());
  last[0] = {absl::StrCat(hidden, " more rows: see the JSON"), Tone::kFaint};
  table->rows.push_back(std::move(last));
}

std::string MarkdownReport(const ReportInput& input) {
  return DocumentAsMarkdown(BuildDocument(input));
}

std::string HtmlReport(const ReportInput& input) { return DocumentAsHtml(BuildDocument(input)); }

}  // namespace assay::evaluator
