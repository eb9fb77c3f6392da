// Feedback and A/B comparisons as text.
#ifndef ASSAY_CLIENT_TERMINAL_FEEDBACK_TABLES_H_
#define ASSAY_CLIENT_TERMINAL_FEEDBACK_TABLES_H_

#include <string>

#include "assay/v1/feedback.pb.h"
#include "google/protobuf/repeated_ptr_field.h"

namespace assay::client {

// One line: what was recorded, replaced or known before, and for which answer.
std::string FeedbackLine(const v1::GiveFeedbackResponse& reply);
// One row per answer.
std::string FeedbackTable(const google::protobuf::RepeatedPtrField<v1::Feedback>& feedback);
// One row per model and content type.
std::string FeedbackSummaryTable(const v1::SummarizeFeedbackResponse& reply);
// One row per arm, then the decisions and notes.
std::string ArmsText(const v1::CompareArmsResponse& reply);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_FEEDBACK_TABLES_H_
