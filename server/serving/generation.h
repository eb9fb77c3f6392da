// Serves requests for text: checks, routes, acquires the model, queues, generates and records.
#ifndef ASSAY_SERVER_SERVING_GENERATION_H_
#define ASSAY_SERVER_SERVING_GENERATION_H_

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "engine/runtime/generation/generation_stream.h"
#include "evaluator/records/economics_inputs.h"
#include "registry/residency/manager.h"
#include "registry/routing/router.h"
#include "server/config/config.h"
#include "server/routing/routing.h"
#include "server/rpc/request_context.h"
#include "server/serving/generation_types.h"
#include "server/serving/model_breakers.h"
#include "server/serving/request_record.h"

namespace assay::server {

// Receives the progress of one request, on the thread of its caller.
class GenerationObserver {
 public:
  virtual ~GenerationObserver() = default;
  // Called once, before any text, when a model has accepted the request.
  virtual void OnStarted(const registry::RouteDecision& /*route*/,
                         const registry::Handle& /*model*/) {}
  // Returns false to cancel the generation, because the reader of the text has gone.
  virtual bool OnText(const TextDelta& /*delta*/) { return true; }
};

// Returns the interval between the messages of each of `streams` concurrent streams, if each alone
// may send one every `shortest`. All streams together send at most 400 messages a second, at the
// same moments. 0 stays 0.
absl::Duration MessageInterval(absl::Duration shortest, int streams);

// Thread-safe. Generate() blocks its caller for the length of the generation.
class GenerationService {
 public:
  using RecordFn = std::function<void(const RequestRecord&)>;

  // Every pointer must outlive this object. `record` is called once per request, on the caller's
  // thread, when the request has ended.
  GenerationService(registry::Manager* manager, const Routing* routing, ModelBreakers* breakers,
                    const LimitsConfig& limits, const evaluator::EconomicsInputs& economics,
                    RecordFn record)
      : manager_(manager),
        routing_(routing),
        breakers_(breakers),
        limits_(limits),
        economics_(economics),
        record_(std::move(record)) {}

  // Generates the whole text. `observer` may be null. `origin` says who sent the request.
  //
  // Errors are those of proto/assay/v1/inference.proto. A model whose breaker is open is
  // UNAVAILABLE at once. If a model cannot be made resident, for any reason, or if its queue is
  // full, the route's alternatives are tried in order. An error of the request itself is returned
  // as it is. If all models fail, the error is the first that may pass (UNAVAILABLE,
  // RESOURCE_EXHAUSTED), else the first one, and its message lists all of them.
  absl::StatusOr<GenerateResult> Generate(const GenerateCall& call, const CallContext& context,
                                          GenerationObserver* observer = nullptr,
                                          RequestContext origin = {});

  // Refuses every new request with UNAVAILABLE from now on. Running requests continue.
  void StartDraining() { draining_ = true; }

 private:
  // A request on its way through the steps below.
  struct Request;
  // A request that a model has accepted.
  struct Accepted {
    registry::Handle handle;
    std::shared_ptr<engine::GenerationStream> stream;
    ModelBreakers::Permit permit;
  };

  absl::StatusOr<GenerateResult> Run(const GenerateCall& call, const CallContext& context,
                                     GenerationObserver* observer, RequestRecord* record);
  // Submits the request along the route. `route` then names the model that accepted it.
  absl::StatusOr<Accepted> SubmitAlong(const Request& request, registry::RouteDecision* route,
                                       RequestRecord* record);
  // Makes the model resident and submits the request to it. After an error, `try_next` is true if
  // another model may succeed.
  absl::StatusOr<Accepted> Submit(const std::string& model, const Request& request, bool* try_next);
  // Follows the request to its end and reports the outcome to the model's breaker.
  absl::StatusOr<engine::GenerationResult> Finish(const Request& request, Accepted& accepted);
  // True if the request may run as long as the server allows: its own deadline is not earlier.
  bool HasFullTime(const engine::GenerationRequest& request) const;

  registry::Manager* const manager_;
  const Routing* const routing_;
  ModelBreakers* const breakers_;
  const LimitsConfig limits_;
  const evaluator::EconomicsInputs economics_;
  const RecordFn record_;
  std::atomic<bool> draining_ = false;
  // The number of requests that are being generated.
  std::atomic<int> streams_ = 0;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_GENERATION_H_
