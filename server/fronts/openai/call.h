// One HTTP request to a front, from its admission to its answer. Private to this folder.
#ifndef ASSAY_SERVER_FRONTS_OPENAI_CALL_H_
#define ASSAY_SERVER_FRONTS_OPENAI_CALL_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "nlohmann/json.hpp"
#include "server/fronts/openai/openai_front.h"
#include "server/fronts/openai/reply_json.h"
#include "server/http/message.h"
#include "server/rpc/request_context.h"

namespace assay::server {

struct OpenAiFront::Call {
  HttpRequest http;
  HttpReply reply;
  RequestContext origin;
  CallContext context;
  // Null if the caller has no key.
  std::shared_ptr<Admission> admission;
  // How the call has ended, for the record.
  absl::Status status;
  // True if GenerationService records the call.
  bool is_recorded = false;

  // Parses the body. INVALID_ARGUMENT: it is not a JSON object.
  absl::StatusOr<nlohmann::json> Body() const;
  // Gives the call's place among those of its key free. Must be called before the end of the reply
  // is sent: a caller that has it may send the next call.
  void EndAdmission() {
    if (admission != nullptr) admission->End();
  }
  // Answers with JSON or an error. At most one of the two may be called.
  void Send(const nlohmann::json& json, std::vector<HttpHeader> headers = {});
  void Fail(const absl::Status& error);
  // Returns the head of a reply. `prefix` begins its id.
  ReplyHead Head(const char* prefix, const std::string& model) const;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_FRONTS_OPENAI_CALL_H_
