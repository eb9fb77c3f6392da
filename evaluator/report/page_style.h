// The report page's style sheet.
#ifndef ASSAY_EVALUATOR_REPORT_PAGE_STYLE_H_
#define ASSAY_EVALUATOR_REPORT_PAGE_STYLE_H_

#include <string_view>

namespace assay::evaluator {

// Light and dark by prefers-color-scheme. Series colours s0 to s7 after Okabe and Ito's palette for
// the colour-blind, darkened (light) or lightened (dark) to a contrast of 3:1 and more with the
// background; shapes tell the series apart as well.
extern const std::string_view kPageStyle;

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_PAGE_STYLE_H_
