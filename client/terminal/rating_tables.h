// People's ratings as text.
#ifndef ASSAY_CLIENT_TERMINAL_RATING_TABLES_H_
#define ASSAY_CLIENT_TERMINAL_RATING_TABLES_H_

#include <string>

#include "assay/v1/rating.pb.h"

namespace assay::client {

// The agreement of raters as a table, the sentences about the score, and a table of its measures.
std::string RatingSummaryText(const v1::SummarizeRatingsResponse& reply);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_RATING_TABLES_H_
