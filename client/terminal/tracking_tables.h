// The state of the uploads to MLflow as text.
#ifndef ASSAY_CLIENT_TERMINAL_TRACKING_TABLES_H_
#define ASSAY_CLIENT_TERMINAL_TRACKING_TABLES_H_

#include <string>

#include "assay/v1/tracking.pb.h"

namespace assay::client {

// Returns the server, the experiment, the counts, and one row per waiting run.
std::string TrackingStatusText(const v1::GetTrackingStatusResponse& reply);
// Returns what was uploaded, and one row per run that is left.
std::string FlushText(const v1::FlushTrackingResponse& reply);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_TRACKING_TABLES_H_
