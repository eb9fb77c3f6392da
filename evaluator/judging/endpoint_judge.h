// A judge behind an OpenAI-compatible endpoint.
#ifndef ASSAY_EVALUATOR_JUDGING_ENDPOINT_JUDGE_H_
#define ASSAY_EVALUATOR_JUDGING_ENDPOINT_JUDGE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/http/client.h"
#include "evaluator/judging/judge.h"
#include "evaluator/judging/judge_options.h"

namespace assay::evaluator {

// How a failed request is repeated.
struct RetryOptions {
  int attempts = 4;
  // The pause before the second attempt, which doubles from then on. A Retry-After of the endpoint
  // replaces it.
  absl::Duration first_pause = absl::Seconds(1);
  // A longer Retry-After ends the question.
  absl::Duration max_pause = absl::Seconds(60);
};

// Asks POST <endpoint>/chat/completions (OpenAI's API reference, "Create chat completion") with
// temperature 0 for one letter, A or B. The cost is that of the tokens in `usage` at the prices of
// the options.
//
// Requests that fail with 429, 500, 502, 503 or 504, and broken connections, are repeated. Errors
// name the judge and what to do:
//   PERMISSION_DENIED    401 or 403: the key is wrong or missing.
//   RESOURCE_EXHAUSTED   429 at the last attempt, or a Retry-After above max_pause.
//   UNAVAILABLE          5xx, or no connection, at the last attempt.
//   DEADLINE_EXCEEDED    the time limit of a request has passed.
//   OUT_OF_RANGE         the answer is larger than 1 MiB.
//   DATA_LOSS            the answer is not the JSON of a chat completion, or no letter.
//   FAILED_PRECONDITION  any other status.
// The key is sent in the header only; error messages contain neither it nor a body of the endpoint.
class EndpointJudge final : public Judge {
 public:
  // `key` may be empty.
  EndpointJudge(JudgeOptions options, const std::string& key, const RetryOptions& retries = {});

  const std::string& name() const override { return options_.name; }
  std::string version() const override;
  std::string Request(const JudgeQuestion& question) const override;
  absl::StatusOr<JudgeAnswer> Ask(const JudgeQuestion& question,
                                  const CallContext& context) override;
  bool Wrote(const Candidate& candidate, const Sample& sample) const override;

 private:
  std::string Url() const;
  std::string Body(const JudgeQuestion& question) const;
  // Sends the request until it succeeds or must not be repeated. Returns the body.
  absl::StatusOr<std::string> Send(const http::Request& request, const CallContext& context);
  absl::Status StatusError(int status) const;
  absl::StatusOr<JudgeAnswer> ReadAnswer(const std::string& body) const;

  const JudgeOptions options_;
  const RetryOptions retries_;
  http::Client client_;
};

// Makes the judge of an endpoint with the key from the environment. FAILED_PRECONDITION: the
// variable is not set, or its value is not printable ASCII.
absl::StatusOr<std::unique_ptr<Judge>> MakeEndpointJudge(const JudgeOptions& options);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_JUDGING_ENDPOINT_JUDGE_H_
