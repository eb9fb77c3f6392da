// A finished request, for tests.
#ifndef ASSAY_TESTS_SERVER_EVENTS_REQUEST_RECORD_H_
#define ASSAY_TESTS_SERVER_EVENTS_REQUEST_RECORD_H_

#include "absl/time/time.h"
#include "server/serving/generation_types.h"
#include "server/serving/request_record.h"

namespace assay::server {

// A record with the prompt "a secret plan" and the text "a secret text". Owns what the record
// points to.
struct SomeRequest {
  SomeRequest() {
    call.prompt = "a secret plan";
    call.max_new_tokens = 7;
    call.sampling.temperature = 0.5F;
    result.text = "a secret text";
    result.model = "m1";
    result.finish_reason = FinishReason::kLength;
    result.usage = {.prompt_tokens = 11, .completion_tokens = 7, .cached_tokens = 4};
    result.times = {.queue = absl::Milliseconds(30),
                    .prefill = absl::Milliseconds(50),
                    .first_token = absl::Milliseconds(80),
                    .total = absl::Milliseconds(200)};
    result.seed = 18446744073709551615U;
    record.context = {.request_id = "r-1",
                      .trace = {.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
                                .span_id = "00f067aa0ba902b7",
                                .parent_span_id = "b7ad6b7169203331",
                                .state = "vendor=1",
                                .sampled = true},
                      .method = "assay.v1.InferenceService/Generate",
                      .peer = "ipv4:127.0.0.1:4711"};
    record.model = "m1";
    record.content_type = "linkedin";
    record.rule = "fixed";
    record.arrival = absl::FromUnixSeconds(1'700'000'000);
    record.duration = absl::Milliseconds(210);
    record.routed = absl::Milliseconds(1);
    record.accepted = absl::Milliseconds(21);
    record.call = &call;
    record.result = &result;
  }
  SomeRequest(const SomeRequest&) = delete;
  SomeRequest& operator=(const SomeRequest&) = delete;

  GenerateCall call;
  GenerateResult result;
  RequestRecord record;
};

}  // namespace assay::server

#endif  // ASSAY_TESTS_SERVER_EVENTS_REQUEST_RECORD_H_
