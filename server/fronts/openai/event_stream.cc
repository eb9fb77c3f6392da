// A reply as a stream of server-sent events.
#include "server/fronts/openai/event_stream.h"

#include "absl/strings/str_cat.h"
#include "server/fronts/openai/api_error.h"
#include "server/fronts/openai/reply_json.h"

namespace assay::server {
namespace {

std::string EventOf(const nlohmann::json& part) {
  return absl::StrCat("data: ", ToText(part), "\n\n");
}

}  // namespace

void EventStream::Begin(const std::string& request_id, std::vector<HttpHeader> headers) {
  if (stream_.has_value()) return;
  headers.push_back({"x-request-id", request_id});
  // Proxies must not collect the events.
  headers.push_back({"Cache-Control", "no-cache"});
  headers.push_back({"X-Accel-Buffering", "no"});
  stream_.emplace(
      reply_.BeginStream({.content_type = "text/event-stream", .headers = std::move(headers)}));
}

bool EventStream::Write(const nlohmann::json& part) {
  return stream_.has_value() && stream_->Write(EventOf(part));
}

void EventStream::Finish() {
  if (!stream_.has_value()) return;
  HttpStream& stream = *stream_;
  stream.Write("data: [DONE]\n\n");
  stream.End();
}

void EventStream::Fail(const absl::Status& error, const std::string& request_id) {
  if (stream_.has_value()) {
    HttpStream& stream = *stream_;
    stream.Write(EventOf(ErrorBody(error)));
    stream.End();
    return;
  }
  HttpResponse response = ErrorResponse(error);
  response.headers.push_back({"x-request-id", request_id});
  reply_.Send(std::move(response));
}

}  // namespace assay::server
