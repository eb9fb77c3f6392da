// Checks a GenerateRequest and turns it into the engine's.
#ifndef ASSAY_SERVER_SERVING_GENERATION_REQUEST_H_
#define ASSAY_SERVER_SERVING_GENERATION_REQUEST_H_

#include "absl/status/statusor.h"
#include "assay/v1/inference.pb.h"
#include "engine/runtime/language_model.h"
#include "server/config/config.h"

namespace assay::server {

// INVALID_ARGUMENT names the field, its value and what is allowed. Draws a seed where the request
// has none.
absl::StatusOr<engine::GenerationRequest> ToEngineRequest(const assay::v1::GenerateRequest& request,
                                                          const LimitsConfig& limits);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_GENERATION_REQUEST_H_
