// A finished request to tell of, for tests.
#ifndef ASSAY_TESTS_SERVER_EVENTS_REQUEST_RECORD_H_
#define ASSAY_TESTS_SERVER_EVENTS_REQUEST_RECORD_H_

#include "absl/time/time.h"
#include "assay/v1/inference.pb.h"
#include "server/serving/generation.h"

namespace assay::server {

// With the prompt "a secret plan" and the text "a secret text"; owns what the record points to.
struct SomeRequest {
  SomeRequest() {
    request.set_prompt("a secret plan");
    request.set_max_new_tokens(7);
    request.mutable_sampling()->set_temperature(0.5);
    response.set_text("a secret text");
    response.set_model("m1");
    response.set_finish_reason(assay::v1::FINISH_REASON_LENGTH);
    response.mutable_usage()->set_prompt_tokens(11);
    response.mutable_usage()->set_cached_tokens(4);
    response.mutable_usage()->set_completion_tokens(7);
    response.mutable_timings()->set_queue_ms(30);
    response.mutable_timings()->set_prefill_ms(50);
    response.mutable_timings()->set_first_token_ms(80);
    response.mutable_timings()->set_total_ms(200);
    response.set_seed(18446744073709551615U);
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
    record.taken = absl::Milliseconds(21);
    record.request = &request;
    record.response = &response;
  }
  SomeRequest(const SomeRequest&) = delete;
  SomeRequest& operator=(const SomeRequest&) = delete;

  assay::v1::GenerateRequest request;
  assay::v1::GenerateResponse response;
  RequestRecord record;
};

}  // namespace assay::server

#endif  // ASSAY_TESTS_SERVER_EVENTS_REQUEST_RECORD_H_
