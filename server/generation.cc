// The walk of a Generate request.
#include "server/generation.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/engine_loader.h"
#include "server/generation_request.h"

namespace assay::server {
namespace {

using assay::v1::GenerateRequest;
using assay::v1::GenerateResponse;

// How long a caller that has gone away is unnoticed while no token comes.
constexpr absl::Duration kCancelPoll = absl::Milliseconds(5);

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

  const engine::GenerationTimings& timings = result.timings;
  const absl::Duration busy = timings.total - timings.queue;
  assay::v1::Timings* out = response->mutable_timings();
  out->set_queue_ms(absl::ToDoubleMilliseconds(timings.queue));
  out->set_prefill_ms(absl::ToDoubleMilliseconds(timings.prefill));
  out->set_first_token_ms(absl::ToDoubleMilliseconds(timings.first_token));
  out->set_per_token_ms(absl::ToDoubleMilliseconds(timings.per_token));
  out->set_total_ms(absl::ToDoubleMilliseconds(timings.total));
  if (busy > absl::ZeroDuration()) {
    out->set_tokens_per_second(completion_tokens / absl::ToDoubleSeconds(busy));
  }
  response->set_cost_usd(evaluator::RequestCost(economics, busy));
}

// Follows the stream to its end.
absl::StatusOr<engine::GenerationResult> Follow(engine::GenerationStream& stream,
                                                GenerationObserver& observer) {
  while (true) {
    if (observer.Cancelled()) stream.Cancel();
    std::optional<engine::GenerationStream::Event> event = stream.Next(kCancelPoll);
    if (!event.has_value()) continue;
    if (auto* end = std::get_if<absl::StatusOr<engine::GenerationResult>>(&*event)) {
      return std::move(*end);
    }
    if (!observer.OnText(std::get<engine::TextEvent>(*event))) stream.Cancel();
  }
}

bool HasContentType(const registry::Catalog& catalog, const std::string& content_type) {
  return std::any_of(
      catalog.models.begin(), catalog.models.end(), [&](const registry::ModelEntry& entry) {
        return std::find(entry.content_types.begin(), entry.content_types.end(), content_type) !=
               entry.content_types.end();
      });
}

}  // namespace

absl::Status GenerationService::Run(const GenerateRequest& request, absl::Time deadline,
                                    GenerationObserver* observer, RequestRecord* record,
                                    GenerateResponse* response) {
  const absl::Time arrival = absl::Now();
  if (draining_) {
    return absl::UnavailableError("the server is stopping; send the request again later");
  }
  if (HasContentType(manager_->catalog(), request.content_type())) {
    record->content_type = request.content_type();
  }
  absl::StatusOr<engine::GenerationRequest> engine_request = ToEngineRequest(request, limits_);
  if (!engine_request.ok()) return engine_request.status();

  absl::StatusOr<registry::RouteDecision> route =
      registry::ChooseRoute(manager_->catalog(), request.model(), request.content_type());
  if (!route.ok()) return route.status();
  record->model = route->model;
  record->rule = route->rule;
  observer->OnRouted(*route);

  absl::StatusOr<registry::Handle> handle =
      manager_->Acquire(route->model, nullptr, [observer] { return observer->Cancelled(); });
  if (!handle.ok()) return handle.status();
  auto& model = static_cast<EngineModel&>(handle->model());

  engine_request->arrival = arrival;
  engine_request->deadline = std::min(deadline, arrival + limits_.inference_timeout);
  const uint64_t seed = engine_request->sampling.seed;
  absl::StatusOr<std::shared_ptr<engine::GenerationStream>> stream =
      model.model().Submit(*std::move(engine_request));
  if (!stream.ok()) return stream.status();
  absl::StatusOr<engine::GenerationResult> result = Follow(**stream, *observer);
  if (!result.ok()) return result.status();

  FillResponse(*result, economics_, response);
  response->set_model(route->model);
  response->mutable_route()->set_rule(route->rule);
  response->mutable_route()->set_reason(route->reason);
  response->set_seed(seed);
  return absl::OkStatus();
}

absl::Status GenerationService::Generate(const GenerateRequest& request, absl::Time deadline,
                                         GenerationObserver* observer, GenerateResponse* response) {
  GenerationObserver silent;
  RequestRecord record;
  const absl::Time start = absl::Now();
  record.status =
      Run(request, deadline, observer == nullptr ? &silent : observer, &record, response);
  record.duration = absl::Now() - start;
  if (record.status.ok()) {
    record.timings = response->timings();
    record.prompt_tokens = response->usage().prompt_tokens();
    record.completion_tokens = response->usage().completion_tokens();
    record.cost_usd = response->cost_usd();
  }
  record_(record);
  return record.status;
}

}  // namespace assay::server
