// A finished request as a trace.
#ifndef ASSAY_SERVER_EVENTS_REQUEST_SPANS_H_
#define ASSAY_SERVER_EVENTS_REQUEST_SPANS_H_

#include <vector>

#include "server/serving/generation.h"
#include "server/tracing/span.h"

namespace assay::server {

// The call itself first, after OpenTelemetry's conventions for RPC and GenAI servers; below it
// "route", "acquire" (the model is made resident), "queue", "prefill" and "decode", as far as the
// request came. with_content: prompt and text stand in it too (gen_ai.input.messages and
// gen_ai.output.messages), each cut to 64 KiB. The record's request and response must live.
std::vector<Span> RequestSpans(const RequestRecord& record, bool with_content);

// What the model was asked, as a JSON list of messages ({"role", "content"}).
std::string InputMessages(const assay::v1::GenerateRequest& request);

}  // namespace assay::server

#endif  // ASSAY_SERVER_EVENTS_REQUEST_SPANS_H_
