// One HTTP request to a front, from its admission to its answer.
#include "server/fronts/openai/call.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/formats/json_file.h"
#include "server/fronts/openai/api_error.h"

namespace assay::server {

absl::StatusOr<nlohmann::json> OpenAiFront::Call::Body() const {
  if (http.body.empty()) {
    return absl::InvalidArgumentError("the request has no body; send JSON");
  }
  absl::StatusOr<nlohmann::json> json =
      engine::ParseJsonObject(http.body, engine::DuplicateKeys::kRefused);
  if (json.ok()) return json;
  return absl::InvalidArgumentError(
      absl::StrCat("the body is not a JSON object: ", std::string(json.status().message())));
}

void OpenAiFront::Call::Send(const nlohmann::json& json, std::vector<HttpHeader> headers) {
  EndAdmission();
  headers.push_back({"x-request-id", origin.request_id});
  reply.Send(
      {.content_type = "application/json", .body = ToText(json), .headers = std::move(headers)});
}

void OpenAiFront::Call::Fail(const absl::Status& error) {
  status = error;
  EndAdmission();
  HttpResponse response = ErrorResponse(error);
  response.headers.push_back({"x-request-id", origin.request_id});
  reply.Send(std::move(response));
}

ReplyHead OpenAiFront::Call::Head(const char* prefix, const std::string& model) const {
  return {.id = absl::StrCat(prefix, origin.request_id),
          .created = absl::ToUnixSeconds(absl::Now()),
          .model = model};
}

}  // namespace assay::server
