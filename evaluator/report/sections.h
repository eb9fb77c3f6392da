// The report's sections; private to evaluator/report/.
#ifndef ASSAY_EVALUATOR_REPORT_SECTIONS_H_
#define ASSAY_EVALUATOR_REPORT_SECTIONS_H_

#include <string>
#include <string_view>

#include "evaluator/report/digest.h"
#include "evaluator/report/document.h"
#include "evaluator/report/report_input.h"

namespace assay::evaluator {

// Each from the whole evaluation; no blocks = nothing to say, left out of the report.
Section DecisionSection(const ReportInput& input, const Digest& digest);
Section PlanSection(const ReportInput& input, const Digest& digest);
Section QualitySection(const ReportInput& input, const Digest& digest);
Section ComparisonSection(const ReportInput& input, const Digest& digest);
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

// "all" for the empty one.
std::string TypeName(const std::string& content_type);
// "has failed", after "the evaluation".
std::string StateText(EvaluationState state);

// Rows over the limit are cut off and a last row says how many.
inline constexpr size_t kMaxTableRows = 1000;
void LimitRows(Table* table);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_SECTIONS_H_
