// The walk of a Generate request.
#include "server/serving/generation.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "evaluator/economics/economics.h"
#include "server/rpc/route_proto.h"
#include "server/serving/engine_loader.h"
#include "server/serving/generation_request.h"

namespace assay::server {
namespace {

using assay::v1::GenerateRequest;
using assay::v1::GenerateResponse;

// How long a caller that has gone away is unnoticed while no token comes; with tokens it is seen at
// each. Every look wakes a thread of every running request.
constexpr absl::Duration kCancelPoll = absl::Milliseconds(50);
// Of all streams together: 16 streams that send 50 messages a second each cost a twentieth of two
// cores.
constexpr absl::Duration kBetweenMessages = absl::Microseconds(2500);
// Of an error that stands in the reason of a route.
constexpr size_t kMaxOfAMessage = 300;

assay::v1::FinishReason ToProto(engine::FinishReason reason) {
  switch (reason) {
    case engine::FinishReason::kEndOfText:
      return assay::v1::FINISH_REASON_END_OF_TEXT;
    case engine::FinishReason::kStopString:
      return assay::v1::FINISH_REASON_STOP_STRING;
    case engine::FinishReason::kLength:
      return assay::v1::FINISH_REASON_LENGTH;
  }
  return assay::v1::FINISH_REASON_UNSPECIFIED;
}

void FillResponse(const engine::GenerationResult& result,
                  const evaluator::EconomicsInputs& economics, GenerateResponse* response) {
  response->set_text(result.text);
  response->mutable_tokens()->Assign(result.tokens.begin(), result.tokens.end());
  response->set_finish_reason(ToProto(result.finish_reason));
  const int completion_tokens = static_cast<int>(result.tokens.size());
  response->mutable_usage()->set_prompt_tokens(result.prompt_tokens);
  response->mutable_usage()->set_completion_tokens(completion_tokens);
  response->mutable_usage()->set_cached_tokens(result.cached_tokens);
  response->mutable_usage()->set_drafted_tokens(result.drafted_tokens);
  response->mutable_usage()->set_accepted_tokens(result.accepted_tokens);

  const engine::GenerationTimings& timings = result.timings;
  const absl::Duration busy = timings.total - timings.queue;
  assay::v1::Timings* out = response->mutable_timings();
  out->set_queue_ms(absl::ToDoubleMilliseconds(timings.queue));
  out->set_prefill_ms(absl::ToDoubleMilliseconds(timings.prefill));
  out->set_first_token_ms(absl::ToDoubleMilliseconds(timings.first_token));
  out->set_per_token_ms(absl::ToDoubleMilliseconds(timings.per_token));
  out->set_inter_token_p50_ms(absl::ToDoubleMilliseconds(timings.inter_token_p50));
  out->set_inter_token_p90_ms(absl::ToDoubleMilliseconds(timings.inter_token_p90));
  out->set_inter_token_p99_ms(absl::ToDoubleMilliseconds(timings.inter_token_p99));
  out->set_total_ms(absl::ToDoubleMilliseconds(timings.total));
  if (busy > absl::ZeroDuration()) {
    out->set_tokens_per_second(completion_tokens / absl::ToDoubleSeconds(busy));
  }
  response->set_cost_usd(evaluator::RequestCost(economics, busy));
}

// The next whole multiple of the interval, the same for all streams: their messages go out
// together, in one disturbance of the cores that compute the next token, and few packets.
absl::Time NextTurn(absl::Time now, absl::Duration interval) {
  if (interval <= absl::ZeroDuration()) return now;
  return now + interval - (now - absl::UnixEpoch()) % interval;
}

// Follows the stream to its end. Text that comes before its next turn is handed on with what
// follows: every message wakes threads, on the cores that compute the next token. on_text: before
// the observer hears of it.
absl::StatusOr<engine::GenerationResult> Follow(engine::GenerationStream& stream,
                                                absl::FunctionRef<absl::Duration()> interval,
                                                absl::FunctionRef<void()> on_text,
                                                GenerationObserver& observer) {
  while (true) {
    if (observer.Cancelled()) stream.Cancel();
    std::optional<engine::GenerationStream::Event> event = stream.Next(kCancelPoll);
    if (!event.has_value()) continue;
    engine::TextEvent text;
    for (; event.has_value(); event = stream.Next(absl::ZeroDuration())) {
      auto* more = std::get_if<engine::TextEvent>(&*event);
      if (more == nullptr) break;
      text.text += more->text;
      text.tokens.insert(text.tokens.end(), more->tokens.begin(), more->tokens.end());
    }
    if (!text.tokens.empty()) {
      on_text();
      if (!observer.OnText(text)) stream.Cancel();
    }
    if (event.has_value()) {
      return std::get<absl::StatusOr<engine::GenerationResult>>(*std::move(event));
    }
    stream.AwaitEnd(NextTurn(absl::Now(), interval()));
  }
}

// What the text is asked for with: the prompt, or the last message of a conversation.
std::string_view TaskOf(const GenerateRequest& request) {
  if (request.input_case() != GenerateRequest::kChat) return request.prompt();
  const auto& messages = request.chat().messages();
  return messages.empty() ? std::string_view() : messages.rbegin()->content();
}

struct Failure {
  std::string model;
  absl::Status status;
};

std::string Listed(const std::vector<Failure>& failures) {
  return absl::StrJoin(failures, "; ", [](std::string* out, const Failure& failure) {
    absl::StrAppend(
        out, "'", failure.model, "' failed with ", absl::StatusCodeToString(failure.status.code()),
        " (", ReplaceInvalidUtf8(std::string(failure.status.message().substr(0, kMaxOfAMessage))),
        ")");
  });
}

bool HasChatTemplate(registry::Handle& handle) {
  return static_cast<EngineModel&>(handle.model()).model().info().has_chat_template;
}

absl::Status AllFailed(const std::vector<Failure>& failures) {
  if (failures.size() == 1) return failures.front().status;
  const auto passing = std::find_if(failures.begin(), failures.end(), [](const Failure& failure) {
    return absl::IsUnavailable(failure.status) || absl::IsResourceExhausted(failure.status);
  });
  const Failure& telling = passing == failures.end() ? failures.front() : *passing;
  absl::Status status(telling.status.code(),
                      absl::StrCat("no model of the route could answer: ", Listed(failures)));
  // When it may be tried again.
  telling.status.ForEachPayload([&status](absl::string_view type, const absl::Cord& payload) {
    status.SetPayload(type, payload);
  });
  return status;
}

// The decision that names `model`, an alternative, in the place of those that failed.
void TakeAlternative(const std::string& model, const std::vector<Failure>& failures,
                     registry::RouteDecision* route) {
  route->reason =
      absl::StrCat(Listed(failures), ", so '", model, "' answers; at first: ", route->reason);
  route->rule = "fallback";
  route->model = model;
  for (const Failure& failure : failures) route->tried.push_back(failure.model);
  route->evidence.reset();
  for (const registry::Candidate& candidate : route->candidates) {
    if (candidate.model == model) route->evidence = candidate.evidence;
  }
}

}  // namespace

absl::Duration MessageInterval(absl::Duration least, int streams) {
  if (least <= absl::ZeroDuration()) return absl::ZeroDuration();
  return std::max(least, kBetweenMessages * streams);
}

absl::StatusOr<GenerationService::Taken> GenerationService::Submit(
    const std::string& model, engine::GenerationRequest request, GenerationObserver* observer,
    bool* another_may) {
  *another_may = true;
  ASSIGN_OR_RETURN(ModelBreakers::Permit permit, breakers_->Admit(model));
  const bool all_time = HadAllTime(request);
  absl::StatusOr<registry::Handle> handle = manager_->Acquire(
      model, nullptr, CallContext([observer] { return observer->Cancelled(); }, request.deadline));
  if (absl::IsDeadlineExceeded(handle.status()) && absl::Now() >= request.deadline) {
    if (all_time) permit.Fail(handle.status());
    return handle.status();
  }
  if (!handle.ok()) {
    *another_may = !absl::IsCancelled(handle.status());
    if (IsModelFault(handle.status(), FailedPart::kLoad)) permit.Fail(handle.status());
    return handle.status();
  }
  absl::StatusOr<std::shared_ptr<engine::GenerationStream>> stream =
      static_cast<EngineModel&>(handle->model()).model().Submit(std::move(request));
  if (!stream.ok()) {
    // What is wrong with the request is wrong for all.
    *another_may = !absl::IsInvalidArgument(stream.status());
    if (IsModelFault(stream.status(), FailedPart::kGeneration)) permit.Fail(stream.status());
    return stream.status();
  }
  return Taken{
      .handle = *std::move(handle), .stream = *std::move(stream), .permit = std::move(permit)};
}

bool GenerationService::HadAllTime(const engine::GenerationRequest& request) const {
  return request.deadline >= request.arrival + limits_.inference_timeout;
}

absl::StatusOr<engine::GenerationResult> GenerationService::Finish(
    Taken& taken, const engine::GenerationRequest& request, GenerationObserver* observer) {
  bool wrote = false;
  const auto on_text = [&] {
    wrote = true;
    taken.permit.Wrote();
  };
  const auto interval = [this] { return MessageInterval(limits_.stream_interval, followed_); };
  ++followed_;
  absl::StatusOr<engine::GenerationResult> result =
      Follow(*taken.stream, interval, on_text, *observer);
  --followed_;
  // A model that writes is slow for a long text, or busy with others. One that has begun and writes
  // nothing in all that time is stuck.
  const bool stuck = absl::IsDeadlineExceeded(result.status()) && HadAllTime(request) && !wrote &&
                     taken.stream->HasStarted();
  if (result.ok()) {
    taken.permit.Succeed();
  } else if (stuck || IsModelFault(result.status(), FailedPart::kGeneration)) {
    taken.permit.Fail(result.status());
  }
  return result;
}

absl::StatusOr<GenerationService::Taken> GenerationService::SubmitAlong(
    registry::RouteDecision* route, const engine::GenerationRequest& request,
    GenerationObserver* observer, RequestRecord* record) {
  std::vector<std::string> models = {route->model};
  models.insert(models.end(), route->alternatives.begin(), route->alternatives.end());
  std::vector<Failure> failures;
  for (const std::string& model : models) {
    bool another_may = false;
    absl::StatusOr<Taken> taken = Submit(model, request, observer, &another_may);
    if (taken.ok()) {
      if (!failures.empty()) TakeAlternative(model, failures, route);
      record->model = route->model;
      record->rule = route->rule;
      record->tried = route->tried;
      record->taken = absl::Now() - record->arrival;
      return taken;
    }
    const bool ours = absl::Now() >= request.deadline || observer->Cancelled();
    if (ours || !another_may) return taken.status();
    failures.push_back({model, taken.status()});
  }
  return AllFailed(failures);
}

absl::Status GenerationService::Run(const GenerateRequest& request, absl::Time deadline,
                                    GenerationObserver* observer, RequestRecord* record,
                                    GenerateResponse* response) {
  if (draining_) {
    return absl::UnavailableError("the server is stopping; send the request again later");
  }
  if (routing_->Has(request.content_type())) record->content_type = request.content_type();
  ASSIGN_OR_RETURN(engine::GenerationRequest engine_request, ToEngineRequest(request, limits_));
  engine_request.reuse_prefix = record->context.reuse_prefix;
  engine_request.arrival = record->arrival;
  engine_request.deadline = std::min(deadline, record->arrival + limits_.inference_timeout);

  ASSIGN_OR_RETURN(registry::RouteDecision route,
                   routing_->Choose({.model = request.model(),
                                     .content_type = request.content_type(),
                                     .key = request.routing_key(),
                                     .prompt = TaskOf(request)}));
  if (routing_->Has(route.content_type)) record->content_type = route.content_type;
  record->model = route.model;
  record->rule = route.rule;
  record->routed = absl::Now() - record->arrival;
  ASSIGN_OR_RETURN(Taken taken, SubmitAlong(&route, engine_request, observer, record));
  observer->OnRouted(route);
  observer->OnTaken(taken.handle);
  ASSIGN_OR_RETURN(engine::GenerationResult result, Finish(taken, engine_request, observer));

  FillResponse(result, economics_, response);
  response->set_no_chat_template(!request.raw() && request.input_case() != GenerateRequest::kChat &&
                                 !HasChatTemplate(taken.handle));
  response->set_model(route.model);
  ToProto(route, response->mutable_route());
  response->set_seed(engine_request.sampling.seed);
  record->joules =
      evaluator::StatedEnergy(economics_, result.timings.total - result.timings.queue).joules;
  record->hosted_usd = evaluator::HostedUsd(economics_, result.prompt_tokens,
                                            static_cast<double>(result.tokens.size()));
  record->token_gaps = std::move(result.token_gaps);
  record->preemptions = result.preemptions;
  return absl::OkStatus();
}

absl::Status GenerationService::Generate(const GenerateRequest& request, absl::Time deadline,
                                         GenerationObserver* observer, GenerateResponse* response,
                                         RequestContext context) {
  GenerationObserver silent;
  RequestRecord record{.context = std::move(context),
                       .arrival = absl::Now(),
                       .request = &request,
                       .response = response};
  record.status =
      Run(request, deadline, observer == nullptr ? &silent : observer, &record, response);
  record.duration = absl::Now() - record.arrival;
  record_(record);
  return record.status;
}

}  // namespace assay::server
