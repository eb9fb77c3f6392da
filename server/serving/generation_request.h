// Checks a GenerateCall and converts it to the engine's request.
#ifndef ASSAY_SERVER_SERVING_GENERATION_REQUEST_H_
#define ASSAY_SERVER_SERVING_GENERATION_REQUEST_H_

#include "absl/status/statusor.h"
#include "engine/runtime/language_model.h"
#include "server/config/config.h"
#include "server/serving/generation_types.h"

namespace assay::server {

// INVALID_ARGUMENT names the field, its value and the allowed range. Draws a random seed if the
// call has none. The caller sets arrival and deadline.
absl::StatusOr<engine::GenerationRequest> ToEngineRequest(const GenerateCall& call,
                                                          const LimitsConfig& limits);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_GENERATION_REQUEST_H_
