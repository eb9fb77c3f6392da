// A reply as a stream of server-sent events.
#ifndef ASSAY_SERVER_FRONTS_OPENAI_EVENT_STREAM_H_
#define ASSAY_SERVER_FRONTS_OPENAI_EVENT_STREAM_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"
#include "server/http/message.h"

namespace assay::server {

// Sends each part as one event, "data: {...}", and ends with "data: [DONE]". Order of calls:
// Begin(), Write() for each part, Finish(); or Fail() at any time. Not thread-safe.
class EventStream {
 public:
  explicit EventStream(HttpReply reply) : reply_(std::move(reply)) {}

  // Sends the head of the reply. Does nothing if it was sent before.
  void Begin(const std::string& request_id, std::vector<HttpHeader> headers);
  // Returns false if the client has gone, or does not read.
  bool Write(const nlohmann::json& part);
  void Finish();
  // Ends the reply with an error: as the reply itself if nothing was sent, else as an event.
  void Fail(const absl::Status& error, const std::string& request_id);

 private:
  HttpReply reply_;
  std::optional<HttpStream> stream_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_FRONTS_OPENAI_EVENT_STREAM_H_
