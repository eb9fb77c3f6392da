// The sections of a report. Private to evaluator/report/.
#ifndef ASSAY_EVALUATOR_REPORT_SECTIONS_H_
#define ASSAY_EVALUATOR_REPORT_SECTIONS_H_

#include <optional>
#include <string>
#include <string_view>

#include "evaluator/raters/rating_summary.h"
#include "evaluator/report/digest.h"
#include "evaluator/report/document.h"
#include "evaluator/report/report_input.h"

namespace assay::evaluator {

// Each function builds one section from the whole evaluation. A section without blocks is left out
// of the report.
Section DecisionSection(const ReportInput& input, const Digest& digest);
Section PlanSection(const ReportInput& input, const Digest& digest);
Section QualitySection(const ReportInput& input, const Digest& digest);
Section ComparisonSection(const ReportInput& input, const Digest& digest);
Section PromptSection(const ReportInput& input, const Digest& digest);
Section RatingSection(const ReportInput& input, const Digest& digest);
Section JudgmentSection(const ReportInput& input, const Digest& digest);
Section TimingSection(const ReportInput& input, const Digest& digest);
Section ScalingSection(const ReportInput& input, const Digest& digest);
Section ReliabilitySection(const ReportInput& input, const Digest& digest);
Section MemorySection(const ReportInput& input, const Digest& digest);
Section EconomicsSection(const ReportInput& input, const Digest& digest);
Section TaskSection(const ReportInput& input, const Digest& digest);
Section ExampleSection(const ReportInput& input, const Digest& digest);
Section EstimateSection(const ReportInput& input, const Digest& digest);
Section ReproductionSection(const ReportInput& input, const Digest& digest);
Section MethodSection(const ReportInput& input, const Digest& digest);

// Marks figures over too few prompts. The decision section explains it once.
inline constexpr char kTooFewMark[] = "*";
// Returns the content type, or "all" for an empty one.
std::string TypeName(const std::string& content_type);
// Returns a predicate for "the evaluation", such as "has failed".
std::string StateText(EvaluationState state);

// Returns the value with two decimals and its interval, "0.81 (0.72 to 0.90)"; "-" if it is absent.
Cell StatisticCell(const std::optional<RatedStatistic>& statistic);

// Cuts rows over the limit and adds a last row with their number.
inline constexpr size_t kMaxTableRows = 1000;
void LimitRows(Table* table);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_SECTIONS_H_
