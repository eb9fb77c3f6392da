// An evaluation as a document for people.
#ifndef ASSAY_EVALUATOR_REPORT_REPORT_H_
#define ASSAY_EVALUATOR_REPORT_REPORT_H_

#include <string>

#include "evaluator/report/report_input.h"

namespace assay::evaluator {

// The decisions first; then plan, quality, comparisons, timings, reliability, economics, tasks,
// memory, examples, how to run it again, and the method. Pure and deterministic. What models, users
// and files wrote is escaped. Bounded whatever the number of samples: points of charts are thinned,
// failures and examples capped, and the report says where. Linear in the samples.

// GitHub's Markdown, without charts.
std::string MarkdownReport(const ReportInput& input);

// One page with charts; no script, nothing fetched; light and dark.
std::string HtmlReport(const ReportInput& input);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_REPORT_H_
