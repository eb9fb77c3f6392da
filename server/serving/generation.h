// The walk of a Generate request, without transport: check, route, acquire, queue, generate,
// record.
#ifndef ASSAY_SERVER_SERVING_GENERATION_H_
#define ASSAY_SERVER_SERVING_GENERATION_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "assay/v1/inference.pb.h"
#include "engine/runtime/generation/generation_stream.h"
#include "evaluator/records/economics_inputs.h"
#include "registry/residency/manager.h"
#include "registry/routing/router.h"
#include "server/config/config.h"
#include "server/routing/routing.h"
#include "server/rpc/request_context.h"
#include "server/serving/model_breakers.h"

namespace assay::server {

// One finished request, for metrics, the access log and traces. Model and content type are empty
// unless the catalog has them.
struct RequestRecord {
  RequestContext context;
  std::string model;
  std::string content_type;
  std::string rule;
  // Models that were chosen before and could not answer.
  std::vector<std::string> tried;
  absl::Status status;
  absl::Time arrival;
  absl::Duration duration;
  // From arrival: when the route was known, and when a model had taken the request; negative where
  // that never was.
  absl::Duration routed = absl::Seconds(-1);
  absl::Duration taken = absl::Seconds(-1);
  // Both live as long as the call that is handed the record; the response is whole where status is
  // OK.
  const assay::v1::GenerateRequest* request = nullptr;
  const assay::v1::GenerateResponse* response = nullptr;
  // The four below only where status is OK.
  std::vector<absl::Duration> token_gaps;
  int preemptions = 0;
  double joules = 0;
  // What the hosted API would have charged.
  double hosted_usd = 0;
};

// What a caller of Generate hears while it runs; called on the caller's own thread.
class GenerationObserver {
 public:
  virtual ~GenerationObserver() = default;
  // Once, when a model has taken the request.
  virtual void OnRouted(const registry::RouteDecision& /*route*/) {}
  virtual void OnTaken(const registry::Handle& /*model*/) {}
  // False: nobody listens any more; the generation is cancelled.
  virtual bool OnText(const engine::TextEvent& /*event*/) { return true; }
  // Polled at every token, and 20 times a second while none comes: true cancels.
  virtual bool Cancelled() { return false; }
};

// How far apart the messages of one of `streams` that write are, where each alone may send one
// every `least`: together they send no more than 400 a second, all at the same moments. 0 stays 0.
absl::Duration MessageInterval(absl::Duration least, int streams);

// Thread-safe. Blocks its caller for the length of the generation.
class GenerationService {
 public:
  using RecordFn = std::function<void(const RequestRecord&)>;

  // All that is pointed to outlives it.
  GenerationService(registry::Manager* manager, const Routing* routing, ModelBreakers* breakers,
                    const LimitsConfig& limits, const evaluator::EconomicsInputs& economics,
                    RecordFn record)
      : manager_(manager),
        routing_(routing),
        breakers_(breakers),
        limits_(limits),
        economics_(economics),
        record_(std::move(record)) {}

  // Errors as in proto/assay/v1/inference.proto. `observer` may be null. A model whose breaker is
  // open is not asked: UNAVAILABLE at once. A model that cannot be made resident, for whatever
  // reason, or is full gives way to the route's alternatives; what is wrong with the request itself
  // is told as it is. If all fail, the error is the first that may
  // pass (UNAVAILABLE, RESOURCE_EXHAUSTED), else the first, and its message has all of them.
  absl::Status Generate(const assay::v1::GenerateRequest& request, absl::Time deadline,
                        GenerationObserver* observer, assay::v1::GenerateResponse* response,
                        RequestContext context = {});

  // From now on every new request is UNAVAILABLE; running ones go on.
  void StartDraining() { draining_ = true; }

 private:
  // A model that has taken the request.
  struct Taken {
    registry::Handle handle;
    std::shared_ptr<engine::GenerationStream> stream;
    ModelBreakers::Permit permit;
  };
  // Makes the model resident and gives it the request. `another_may`: after an error, whether
  // another model may be asked.
  absl::StatusOr<Taken> Submit(const std::string& model, engine::GenerationRequest request,
                               GenerationObserver* observer, bool* another_may);
  // Whether the request ran as long as the server lets any: the caller's own deadline was later.
  bool HadAllTime(const engine::GenerationRequest& request) const;
  // Follows it to its end and tells the model's breaker of that.
  absl::StatusOr<engine::GenerationResult> Finish(Taken& taken,
                                                  const engine::GenerationRequest& request,
                                                  GenerationObserver* observer);
  // The same along the route, which then says which model it was and why.
  absl::StatusOr<Taken> SubmitAlong(registry::RouteDecision* route,
                                    const engine::GenerationRequest& request,
                                    GenerationObserver* observer, RequestRecord* record);
  absl::Status Run(const assay::v1::GenerateRequest& request, absl::Time deadline,
                   GenerationObserver* observer, RequestRecord* record,
                   assay::v1::GenerateResponse* response);

  registry::Manager* const manager_;
  const Routing* const routing_;
  ModelBreakers* const breakers_;
  const LimitsConfig limits_;
  const evaluator::EconomicsInputs economics_;
  const RecordFn record_;
  std::atomic<bool> draining_ = false;
  // Requests whose text is on its way.
  std::atomic<int> followed_ = 0;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_GENERATION_H_
