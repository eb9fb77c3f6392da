// Errors in the form of the OpenAI API.
#ifndef ASSAY_SERVER_FRONTS_OPENAI_API_ERROR_H_
#define ASSAY_SERVER_FRONTS_OPENAI_API_ERROR_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"
#include "server/http/message.h"

namespace assay::server {

// Returns {"error": {"message", "type", "param", "code"}} of a status that is not OK.
nlohmann::json ErrorBody(const absl::Status& status);

// The same as a response with the HTTP status of the code. 429 and 503 have Retry-After.
HttpResponse ErrorResponse(const absl::Status& status);

// Returns a refusal of the HTTP server in this form.
HttpResponse RefusalResponse(int status, std::string_view sentence);

}  // namespace assay::server

#endif  // ASSAY_SERVER_FRONTS_OPENAI_API_ERROR_H_
