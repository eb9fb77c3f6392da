// Serves requests for text.
#include "server/serving/generation.h"

#include <algorithm>
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
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/call_context.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "base/work_limit.h"
#include "evaluator/economics/economics.h"
#include "server/serving/generation_request.h"
#include "server/serving/route_failures.h"
#include "server/serving/served_model.h"
#include "server/serving/token_charge.h"

namespace assay::server {
namespace {

// How long a cancellation may go unnoticed while no token arrives; with tokens it is checked at
// each. Every poll wakes a thread of every running request.
constexpr absl::Duration kCancelPoll = absl::Milliseconds(50);
// The shortest interval between messages of all streams together. For scale: 16 streams that send
// 50 messages a second each cost a twentieth of two cores.
constexpr absl::Duration kMinMessageInterval = absl::Microseconds(2500);

FinishReason ToFinishReason(engine::FinishReason reason) {
  switch (reason) {
    case engine::FinishReason::kEndOfText:
      return FinishReason::kEndOfText;
    case engine::FinishReason::kStopString:
      return FinishReason::kStopString;
    case engine::FinishReason::kStopToken:
      return FinishReason::kStopToken;
    case engine::FinishReason::kLength:
      break;
  }
  return FinishReason::kLength;
}

// Adds engine log-probabilities with the texts of their tokens.
void AddLogProbabilities(absl::Span<const engine::TokenLogProbabilities> from,
                         const engine::Tokenizer& tokenizer,
                         std::vector<TokenLogProbabilities>* out) {
  const auto convert = [&](const engine::TokenLogProbability& one) {
    return TokenLogProbability{.token = one.token,
                               .text = std::string(tokenizer.TokenBytes(one.token)),
                               .log_probability = one.log_probability};
  };
  for (const engine::TokenLogProbabilities& token : from) {
    TokenLogProbabilities& added = out->emplace_back();
    added.chosen = convert(token.chosen);
    for (const engine::TokenLogProbability& likely : token.top) {
      added.top.push_back(convert(likely));
    }
  }
}

GenerateResult ToResult(const engine::GenerationResult& generated,
                        const engine::Tokenizer& tokenizer,
                        const evaluator::EconomicsInputs& economics) {
  const engine::GenerationTimings& timings = generated.timings;
  GenerateResult result{
      .text = generated.text,
      .tokens = generated.tokens,
      .finish_reason = ToFinishReason(generated.finish_reason),
      .usage = {.prompt_tokens = generated.prompt_tokens,
                .completion_tokens = static_cast<int>(generated.tokens.size()),
                .cached_tokens = generated.cached_tokens,
                .drafted_tokens = generated.drafted_tokens,
                .accepted_tokens = generated.accepted_tokens},
      .times = {.queue = timings.queue,
                .prefill = timings.prefill,
                .first_token = timings.first_token,
                .per_token = timings.per_token,
                .inter_token_p50 = timings.inter_token_p50,
                .inter_token_p90 = timings.inter_token_p90,
                .inter_token_p99 = timings.inter_token_p99,
                .total = timings.total},
  };
  AddLogProbabilities(generated.log_probabilities, tokenizer, &result.log_probabilities);
  const absl::Duration busy = result.times.Busy();
  if (busy > absl::ZeroDuration()) {
    result.tokens_per_second = result.usage.completion_tokens / absl::ToDoubleSeconds(busy);
  }
  result.cost_usd = evaluator::RequestCost(economics, busy);
  return result;
}

// Returns the next whole multiple of the interval. It is the same for all streams, so their
// messages leave together: they disturb the cores that compute the next token once, in few packets.
SteadyTime NextSendTime(SteadyTime now, absl::Duration interval) {
  if (interval <= absl::ZeroDuration()) return now;
  return now + interval - now.SinceEpoch() % interval;
}

// Follows the stream to its end. Text that arrives before the next send time is sent with the text
// that follows it, because every message wakes threads on the cores that compute the next token.
// With an interval of 0, every text event is sent by itself, however far the model is ahead of the
// reader. Calls `on_text` before the observer receives a text.
absl::StatusOr<engine::GenerationResult> Follow(engine::GenerationStream& stream,
                                                absl::FunctionRef<absl::Duration()> interval,
                                                absl::FunctionRef<void()> on_text,
                                                const CallContext& context,
                                                const engine::Tokenizer& tokenizer,
                                                GenerationObserver& observer) {
  while (true) {
    if (context.IsCancelled()) stream.Cancel();
    std::optional<engine::GenerationStream::Event> event = stream.Next(kCancelPoll);
    if (!event.has_value()) continue;
    const bool merges = interval() > absl::ZeroDuration();
    TextDelta delta;
    while (event.has_value() && std::holds_alternative<engine::TextEvent>(*event)) {
      const auto& more = std::get<engine::TextEvent>(*event);
      delta.text += more.text;
      delta.tokens.insert(delta.tokens.end(), more.tokens.begin(), more.tokens.end());
      AddLogProbabilities(more.log_probabilities, tokenizer, &delta.log_probabilities);
      event = merges ? stream.Next(absl::ZeroDuration()) : std::nullopt;
    }
    if (!delta.tokens.empty()) {
      on_text();
      if (!observer.OnText(delta)) stream.Cancel();
    }
    if (event.has_value()) {
      return std::get<absl::StatusOr<engine::GenerationResult>>(*std::move(event));
    }
    stream.AwaitEnd(NextSendTime(SteadyTime::Now(), interval()));
  }
}

// Returns the text that states the task: the prompt, or the last message of a conversation.
std::string_view TaskOf(const GenerateCall& call) {
  if (!call.chat.has_value()) return call.prompt;
  return call.chat->empty() ? std::string_view() : call.chat->back().content;
}

// Sets what the caller left unset to what the model's files suggest.
void UseModelSampling(const engine::ModelSampling& suggested, const SamplingSettings& set,
                      engine::SamplingParams* sampling) {
  if (!set.temperature.has_value() && suggested.temperature.has_value()) {
    sampling->temperature = *suggested.temperature;
  }
  if (!set.top_p.has_value() && suggested.top_p.has_value()) sampling->top_p = *suggested.top_p;
  if (!set.top_k.has_value() && suggested.top_k.has_value()) sampling->top_k = *suggested.top_k;
  if (!set.min_p.has_value() && suggested.min_p.has_value()) sampling->min_p = *suggested.min_p;
  if (!set.typical_p.has_value() && suggested.typical_p.has_value()) {
    sampling->typical_p = *suggested.typical_p;
  }
  if (!set.repetition_penalty.has_value() && suggested.repetition_penalty.has_value()) {
    sampling->repetition_penalty = *suggested.repetition_penalty;
  }
}

}  // namespace

struct GenerationService::Request {
  engine::GenerationRequest engine;
  // What the caller set of engine.sampling.
  const SamplingSettings& sampling;
  // Ends at engine.deadline.
  CallContext context;
  GenerationObserver& observer;
};

absl::Duration MessageInterval(absl::Duration shortest, int streams) {
  if (shortest <= absl::ZeroDuration()) return absl::ZeroDuration();
  return std::max(shortest, kMinMessageInterval * streams);
}

absl::StatusOr<GenerationService::Accepted> GenerationService::Submit(const std::string& model,
                                                                      const Request& request,
                                                                      bool* try_next) {
  *try_next = true;
  ASSIGN_OR_RETURN(ModelBreakers::Permit permit, breakers_->Admit(model));
  absl::StatusOr<registry::Handle> handle = manager_->Acquire(model, nullptr, request.context);
  if (absl::IsDeadlineExceeded(handle.status()) && request.context.IsLate()) {
    if (HasFullTime(request.engine)) permit.Fail(handle.status());
    return handle.status();
  }
  if (!handle.ok()) {
    *try_next = !absl::IsCancelled(handle.status());
    if (IsModelFault(handle.status(), FailedPart::kLoad)) permit.Fail(handle.status());
    return handle.status();
  }
  absl::StatusOr<engine::LanguageModel*> found = LanguageModelOf(*handle);
  if (!found.ok()) return found.status();
  engine::LanguageModel& language_model = **found;
  engine::GenerationRequest generation = request.engine;
  if (request.sampling.model_defaults.value_or(handle->entry().model_sampling)) {
    UseModelSampling(language_model.info().sampling, request.sampling, &generation.sampling);
  }
  const WorkLimit limit(engine::kMaxPromptCpu, request.context);
  absl::StatusOr<std::shared_ptr<engine::GenerationStream>> stream =
      language_model.Submit(std::move(generation));
  if (!stream.ok()) {
    // A request that is wrong for one model is wrong for all.
    *try_next = !absl::IsInvalidArgument(stream.status());
    if (IsModelFault(stream.status(), FailedPart::kGeneration)) permit.Fail(stream.status());
    return stream.status();
  }
  return Accepted{
      .handle = *std::move(handle), .stream = *std::move(stream), .permit = std::move(permit)};
}

bool GenerationService::HasFullTime(const engine::GenerationRequest& request) const {
  return request.deadline >= request.arrival + limits_.inference_timeout;
}

absl::StatusOr<engine::GenerationResult> GenerationService::Finish(const Request& request,
                                                                   Accepted& accepted) {
  bool has_text = false;
  const auto on_text = [&] {
    has_text = true;
    accepted.permit.OnText();
  };
  const auto interval = [this] { return MessageInterval(limits_.stream_interval, streams_); };
  ++streams_;
  absl::StatusOr<engine::GenerationResult> result =
      Follow(*accepted.stream, interval, on_text, request.context,
             Served(accepted.handle).language_model()->tokenizer(), request.observer);
  --streams_;
  // A model that produces text is slow for a long text, or busy with others. A model that has
  // started and produces nothing in all that time is stuck.
  const bool stuck = absl::IsDeadlineExceeded(result.status()) && HasFullTime(request.engine) &&
                     !has_text && accepted.stream->HasStarted();
  if (result.ok()) {
    accepted.permit.Succeed();
  } else if (stuck || IsModelFault(result.status(), FailedPart::kGeneration)) {
    accepted.permit.Fail(result.status());
  }
  return result;
}

absl::StatusOr<GenerationService::Accepted> GenerationService::SubmitAlong(
    const Request& request, registry::RouteDecision* route, RequestRecord* record) {
  std::vector<std::string> models = {route->model};
  models.insert(models.end(), route->alternatives.begin(), route->alternatives.end());
  RouteFailures failures;
  for (const std::string& model : models) {
    if (!record->context.caller.MayUse(model)) continue;
    bool try_next = false;
    absl::StatusOr<Accepted> accepted = Submit(model, request, &try_next);
    if (accepted.ok()) {
      if (!failures.empty()) failures.FallBack(model, route);
      record->model = route->model;
      record->revision = accepted->handle.revision();
      record->rule = route->rule;
      record->tried = route->tried;
      record->accepted = SteadyTime::Now() - record->start;
      return accepted;
    }
    if (!try_next || request.context.IsDone()) return accepted.status();
    failures.Add(model, accepted.status());
  }
  return failures.ToStatus();
}

absl::StatusOr<GenerateResult> GenerationService::Run(const GenerateCall& call,
                                                      const CallContext& context,
                                                      GenerationObserver* observer,
                                                      RequestRecord* record) {
  if (draining_) {
    return absl::UnavailableError("the server is stopping; send the request again later");
  }
  if (routing_->Has(call.content_type)) record->content_type = call.content_type;
  ASSIGN_OR_RETURN(engine::GenerationRequest engine_request, ToEngineRequest(call, limits_));
  const Caller& caller = record->context.caller;
  engine_request.caller = ShareOf(caller);
  engine_request.priority = std::min(engine_request.priority, caller.max_priority);
  // An evaluation has time; a refused request would be a failure of the model that it measures.
  const bool is_own_work = caller.id.empty();
  if (limits_.max_wait > absl::ZeroDuration() && !is_own_work) {
    engine_request.max_wait = limits_.max_wait;
  }
  engine_request.arrival = record->start;
  engine_request.deadline = std::min(context.deadline(), record->start + limits_.inference_timeout);
  if (call.timeout > absl::ZeroDuration()) {
    engine_request.deadline = std::min(engine_request.deadline, record->start + call.timeout);
  }

  ASSIGN_OR_RETURN(registry::RouteDecision route,
                   routing_->Choose({.model = call.model,
                                     .content_type = call.content_type,
                                     .key = call.routing_key,
                                     .prompt = TaskOf(call)}));
  if (routing_->Has(route.content_type)) record->content_type = route.content_type;
  record->model = route.model;
  record->rule = route.rule;
  record->routed = SteadyTime::Now() - record->start;
  RETURN_IF_ERROR(record->context.caller.CheckModel(route.model));
  const CallContext limited = context.Until(engine_request.deadline).For(engine_request.caller);
  const Request request{.engine = std::move(engine_request),
                        .sampling = call.sampling,
                        .context = limited,
                        .observer = *observer};
  ASSIGN_OR_RETURN(Accepted accepted, SubmitAlong(request, &route, record));
  request.observer.OnStarted(route, accepted.handle);
  ASSIGN_OR_RETURN(engine::GenerationResult generated, Finish(request, accepted));

  GenerateResult result =
      ToResult(generated, Served(accepted.handle).language_model()->tokenizer(), economics_);
  result.model = route.model;
  result.route = std::move(route);
  result.seed = request.engine.sampling.seed;
  result.no_chat_template = !call.raw && !call.chat.has_value() &&
                            !call.prompt_tokens.has_value() &&
                            !Served(accepted.handle).info().has_chat_template;
  record->joules = evaluator::StatedEnergy(economics_, result.times.Busy()).joules;
  record->hosted_usd = evaluator::HostedUsd(economics_, generated.prompt_tokens,
                                            static_cast<double>(generated.tokens.size()));
  record->token_gaps = std::move(generated.token_gaps);
  record->preemptions = generated.preemptions;
  return result;
}

absl::StatusOr<GenerateResult> GenerationService::Generate(const GenerateCall& call,
                                                           const CallContext& context,
                                                           GenerationObserver* observer,
                                                           RequestContext origin) {
  const GenerateResult none;
  RequestRecord record{.context = std::move(origin),
                       .arrival = absl::Now(),
                       .start = SteadyTime::Now(),
                       .call = &call,
                       .result = &none};
  ChargedObserver charged(call, record.context.caller, observer);
  absl::StatusOr<GenerateResult> result = Run(call, context, &charged, &record);
  charged.Charge(result);
  record.status = result.status();
  if (result.ok()) record.result = &*result;
  record.duration = SteadyTime::Now() - record.start;
  record_(record);
  return result;
}

}  // namespace assay::server
