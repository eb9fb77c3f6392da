// A judge behind an OpenAI-compatible endpoint.
#include "evaluator/judging/endpoint_judge.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "base/steady_time.h"

namespace assay::evaluator {
namespace {

constexpr int64_t kMaxResponseBytes = int64_t{1} << 20;
// More than one token, because some models put spaces or marks around the letter.
constexpr int kMaxAnswerTokens = 8;
constexpr double kTokensPerPrice = 1e6;
constexpr absl::Duration kPollInterval = absl::Milliseconds(50);
constexpr int kOk = 200;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kTooManyRequests = 429;
constexpr int kServerErrors = 500;
constexpr std::string_view kSystem =
    "You compare two texts. Answer with one letter, A or B, and nothing else.";

bool IsTemporary(int status) {
  return status == kTooManyRequests || status == kServerErrors || status == 502 || status == 503 ||
         status == 504;
}

absl::Status Pause(absl::Duration duration, const CallContext& context) {
  const SteadyTime end = SteadyTime::Now() + duration;
  while (!end.HasPassed()) {
    RETURN_IF_ERROR(context.Check());
    absl::SleepFor(std::min(kPollInterval, end.Left()));
  }
  return context.Check();
}

// Returns the letter without spaces and marks around it, in upper case.
std::string Letter(std::string_view text) {
  const auto is_mark = [](char c) { return !absl::ascii_isalnum(static_cast<unsigned char>(c)); };
  while (!text.empty() && is_mark(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_mark(text.back())) text.remove_suffix(1);
  return absl::AsciiStrToUpper(std::string(text));
}

http::ClientOptions ClientOptionsFor(const JudgeOptions& options, const std::string& key) {
  http::ClientOptions client;
  client.bearer_token = key;
  client.timeout = options.timeout;
  client.max_response_bytes = kMaxResponseBytes;
  return client;
}

// Returns a count of `usage`, or -1.
int64_t Count(const nlohmann::json& usage, const char* name) {
  const auto found = usage.find(name);
  if (found == usage.end() || !found->is_number_unsigned()) return -1;
  return found->get<int64_t>();
}

}  // namespace

EndpointJudge::EndpointJudge(JudgeOptions options, const std::string& key,
                             const RetryOptions& retries)
    : options_(std::move(options)), retries_(retries), client_(ClientOptionsFor(options_, key)) {}

std::string EndpointJudge::version() const {
  return absl::StrCat("endpoint/", options_.endpoint, "/", options_.model, " rubric ",
                      RubricHash(kSystem));
}

std::string EndpointJudge::Url() const {
  return absl::StrCat(options_.endpoint, "/chat/completions");
}

std::string EndpointJudge::Body(const JudgeQuestion& question) const {
  const nlohmann::json body = {{"model", options_.model},
                               {"messages",
                                {{{"role", "system"}, {"content", kSystem}},
                                 {{"role", "user"}, {"content", QuestionText(question)}}}},
                               {"temperature", 0},
                               {"max_tokens", kMaxAnswerTokens}};
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string EndpointJudge::Request(const JudgeQuestion& question) const {
  return absl::StrCat(Url(), "\n", Body(question));
}

absl::Status EndpointJudge::StatusError(int status) const {
  if (status == kUnauthorized || status == kForbidden) {
    return absl::PermissionDeniedError(absl::StrCat(
        "the endpoint refused the key (HTTP ", status, "); set ",
        options_.api_key_env.empty() ? "api_key_env of evaluation.judges" : options_.api_key_env,
        " to a valid key and restart the server"));
  }
  if (status == kTooManyRequests) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the endpoint's rate limit is reached (HTTP 429, ", retries_.attempts,
                     " attempts); try again later"));
  }
  if (IsTemporary(status)) {
    return absl::UnavailableError(
        absl::StrCat("the endpoint failed (HTTP ", status, ", ", retries_.attempts, " attempts)"));
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the endpoint answered with HTTP ", status,
                   "; check endpoint and model of evaluation.judges"));
}

absl::StatusOr<std::string> EndpointJudge::Send(const http::Request& request,
                                                const CallContext& context) {
  absl::Duration pause = retries_.first_pause;
  for (int attempt = 1;; ++attempt) {
    RETURN_IF_ERROR(context.Check());
    absl::StatusOr<http::Response> response = client_.Send(request);
    const bool last = attempt >= retries_.attempts;
    absl::Duration wait = pause;
    if (!response.ok()) {
      if (last || !absl::IsUnavailable(response.status())) return response.status();
    } else if (response->status == kOk) {
      return std::move(response->body);
    } else {
      if (last || !IsTemporary(response->status)) return StatusError(response->status);
      wait = response->retry_after.value_or(pause);
      if (wait > retries_.max_pause) {
        return absl::ResourceExhaustedError(
            absl::StrCat("the endpoint (HTTP ", response->status, ") allows the next request in ",
                         absl::FormatDuration(wait), "; try again then"));
      }
    }
    RETURN_IF_ERROR(Pause(wait, context));
    pause = std::min(2 * pause, retries_.max_pause);
  }
}

absl::StatusOr<JudgeAnswer> EndpointJudge::ReadAnswer(const std::string& body) const {
  const nlohmann::json json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return absl::DataLossError("the endpoint's answer is not JSON");
  const nlohmann::json::json_pointer place("/choices/0/message/content");
  if (!json.contains(place) || !json.at(place).is_string()) {
    return absl::DataLossError(
        "the endpoint's answer is no chat completion: it has no choices[0].message.content");
  }
  JudgeAnswer answer;
  const std::string letter = Letter(json.at(place).get<std::string>());
  if (letter == "A") {
    answer.choice = Choice::kFirst;
  } else if (letter == "B") {
    answer.choice = Choice::kSecond;
  } else {
    return absl::DataLossError(absl::StrCat("the judge answered with ", letter.size(),
                                            " characters instead of the letter A or B; choose a "
                                            "model that follows the instruction"));
  }
  const nlohmann::json usage =
      json.contains("usage") && json["usage"].is_object() ? json["usage"] : nlohmann::json();
  const int64_t input = Count(usage, "prompt_tokens");
  const int64_t output = Count(usage, "completion_tokens");
  answer.cost_known = input >= 0 && output >= 0;
  answer.input_tokens = std::max<int64_t>(input, 0);
  answer.output_tokens = std::max<int64_t>(output, 0);
  answer.cost_usd =
      (static_cast<double>(answer.input_tokens) * options_.usd_per_million_input_tokens +
       static_cast<double>(answer.output_tokens) * options_.usd_per_million_output_tokens) /
      kTokensPerPrice;
  return answer;
}

absl::StatusOr<JudgeAnswer> EndpointJudge::Ask(const JudgeQuestion& question,
                                               const CallContext& context) {
  const http::Request request = {.method = "POST",
                                 .url = Url(),
                                 .body = Body(question),
                                 .headers = {{"Content-Type", "application/json"}},
                                 .interrupted = [&context] { return context.Check(); }};
  const std::string prefix = absl::StrCat("judge ", options_.name);
  absl::StatusOr<std::string> body = Send(request, context);
  if (!body.ok()) return Annotate(body.status(), prefix);
  absl::StatusOr<JudgeAnswer> answer = ReadAnswer(*body);
  if (!answer.ok()) return Annotate(answer.status(), prefix);
  return answer;
}

bool EndpointJudge::Wrote(const Candidate& candidate, const Sample& /*sample*/) const {
  return candidate.model == options_.model;
}

absl::StatusOr<std::unique_ptr<Judge>> MakeEndpointJudge(const JudgeOptions& options) {
  std::string key;
  if (!options.api_key_env.empty()) {
    const char* value = std::getenv(options.api_key_env.c_str());
    if (value != nullptr) key = value;
    if (key.empty() || !std::all_of(key.begin(), key.end(), absl::ascii_isgraph)) {
      return absl::FailedPreconditionError(
          absl::StrCat("judge ", options.name, ": the environment variable ", options.api_key_env,
                       key.empty() ? " is not set" : " has spaces or control characters",
                       "; set it to the key of the endpoint and restart the server"));
    }
  }
  return std::make_unique<EndpointJudge>(options, key);
}

}  // namespace assay::evaluator
