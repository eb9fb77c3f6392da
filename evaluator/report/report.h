// Reports of an evaluation as documents for people.
#ifndef ASSAY_EVALUATOR_REPORT_REPORT_H_
#define ASSAY_EVALUATOR_REPORT_REPORT_H_

#include <string>

#include "evaluator/report/report_input.h"

namespace assay::evaluator {

// Reports begin with the decisions, followed by plan, quality, comparisons, timings, scaling,
// reliability, memory, economics, tasks, examples, all estimates, reproduction and method. The
// functions are pure and deterministic, and linear in the samples. Text from models, users and
// files is escaped. The size is bounded: chart points are thinned, failures and examples are
// capped, and the report says where.

// Returns GitHub-flavored Markdown without charts.
std::string MarkdownReport(const ReportInput& input);

// Returns one page with charts, without scripts and external resources, in light and dark mode.
std::string HtmlReport(const ReportInput& input);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_REPORT_H_
