// The record of one finished request.
#ifndef ASSAY_SERVER_SERVING_REQUEST_RECORD_H_
#define ASSAY_SERVER_SERVING_REQUEST_RECORD_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "server/rpc/request_context.h"
#include "server/serving/generation_types.h"

namespace assay::server {

// One finished request, for metrics, the access log and traces.
struct RequestRecord {
  RequestContext context;
  // Empty unless the catalog has the model, and a route has the content type.
  std::string model;
  std::string content_type;
  // The revision of the model that accepted the request. Empty if unknown, or if none did.
  std::string revision;
  // The rule of the route. Empty if the request was never routed.
  std::string rule;
  // Models that were chosen before `model` and could not answer.
  std::vector<std::string> tried;
  absl::Status status;
  absl::Time arrival;
  // The same moment, from which the durations are measured.
  SteadyTime start;
  absl::Duration duration;
  // The time from arrival until the route was known, and until a model had accepted the request.
  // Negative if the request did not get that far.
  absl::Duration routed = absl::Seconds(-1);
  absl::Duration accepted = absl::Seconds(-1);
  // Both live as long as the call that receives the record. `result` is complete if `status` is OK
  // and empty otherwise.
  const GenerateCall* call = nullptr;
  const GenerateResult* result = nullptr;
  // The four below are set only if `status` is OK.
  // The times from one token to the next, shortest first.
  std::vector<absl::Duration> token_gaps;
  int preemptions = 0;
  double joules = 0;
  // The price that the hosted API would have charged.
  double hosted_usd = 0;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_REQUEST_RECORD_H_
