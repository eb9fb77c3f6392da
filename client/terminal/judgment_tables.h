// What judges prefer as text.
#ifndef ASSAY_CLIENT_TERMINAL_JUDGMENT_TABLES_H_
#define ASSAY_CLIENT_TERMINAL_JUDGMENT_TABLES_H_

#include <string>

#include "assay/v1/judging.pb.h"

namespace assay::client {

// The preferences and the judges as tables, the agreement, the cost and the warnings.
std::string JudgingSummaryText(const v1::JudgingSummary& summary);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_JUDGMENT_TABLES_H_
