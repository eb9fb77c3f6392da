// Requests of /v1/chat/completions and /v1/completions.
#ifndef ASSAY_SERVER_FRONTS_OPENAI_CHAT_REQUEST_H_
#define ASSAY_SERVER_FRONTS_OPENAI_CHAT_REQUEST_H_

#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "server/serving/generation_types.h"

namespace assay::server {

// How the reply is written.
struct ReplyOptions {
  bool stream = false;
  // A streamed reply ends with a part that has the usage.
  bool include_usage = false;
};

struct ChatRequest {
  GenerateCall call;
  ReplyOptions reply;
};

struct CompletionRequest {
  // One for each prompt.
  std::vector<GenerateCall> calls;
  ReplyOptions reply;
};

// Convert the body of a request. INVALID_ARGUMENT names the field (request_fields.h): it has a
// wrong type or range, it is unknown, or what it asks for is not supported. GenerationService
// checks the rest.
absl::StatusOr<ChatRequest> ReadChatRequest(const nlohmann::json& body);
absl::StatusOr<CompletionRequest> ReadCompletionRequest(const nlohmann::json& body);

// Sets `model` or `content_type`: "auto" leaves the choice to the default route, and
// "auto:linkedin" to that of the content type.
void SetModel(const std::string& name, GenerateCall* call);

}  // namespace assay::server

#endif  // ASSAY_SERVER_FRONTS_OPENAI_CHAT_REQUEST_H_
