// Deletions of evaluations as text.
#ifndef ASSAY_CLIENT_TERMINAL_DELETION_TABLES_H_
#define ASSAY_CLIENT_TERMINAL_DELETION_TABLES_H_

#include <string>

#include "assay/v1/evaluation_control.pb.h"

namespace assay::client {

// One row per evaluation that would be deleted, then those that would be left, and the sizes.
std::string DeletionPlan(const v1::DeleteEvaluationsResponse& reply);

// What was deleted and left, in a few lines.
std::string DeletionSummary(const v1::DeleteEvaluationsResponse& reply);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_DELETION_TABLES_H_
