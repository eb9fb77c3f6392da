// The style sheet of the report page.
#ifndef ASSAY_EVALUATOR_REPORT_PAGE_STYLE_H_
#define ASSAY_EVALUATOR_REPORT_PAGE_STYLE_H_

#include <string_view>

namespace assay::evaluator {

// Supports light and dark mode by prefers-color-scheme. The series colors s0 to s7 follow Okabe and
// Ito's palette for color-blind readers, darkened (light mode) or lightened (dark mode) to a
// contrast of at least 3:1 with the background. Shapes distinguish the series as well.
extern const std::string_view kPageStyle;

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_PAGE_STYLE_H_
