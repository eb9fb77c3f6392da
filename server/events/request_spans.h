// Converts a finished request to a trace.
#ifndef ASSAY_SERVER_EVENTS_REQUEST_SPANS_H_
#define ASSAY_SERVER_EVENTS_REQUEST_SPANS_H_

#include <string>
#include <vector>

#include "server/serving/generation_types.h"
#include "server/serving/request_record.h"
#include "server/tracing/span.h"

namespace assay::server {

// Returns the span of the call, named by OpenTelemetry's conventions for RPC and GenAI servers, and
// after it its children "route", "acquire" (the model is made resident), "queue", "prefill" and
// "decode", as far as the request got. With `with_content` the span of the call has prompt and text
// (gen_ai.input.messages and gen_ai.output.messages), each cut to 64 KiB. The call and the result
// of the record must be alive.
std::vector<Span> RequestSpans(const RequestRecord& record, bool with_content);

// Returns the prompt or the conversation as a JSON list of messages ({"role", "content"}).
std::string InputMessages(const GenerateCall& call);

}  // namespace assay::server

#endif  // ASSAY_SERVER_EVENTS_REQUEST_SPANS_H_
