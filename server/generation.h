// The walk of a Generate request, without transport: check, route, acquire, queue, generate,
// record.
#ifndef ASSAY_SERVER_GENERATION_H_
#define ASSAY_SERVER_GENERATION_H_

#include <atomic>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "assay/v1/inference.pb.h"
#include "engine/runtime/generation_stream.h"
#include "evaluator/economics.h"
#include "registry/manager.h"
#include "registry/router.h"
#include "server/config.h"

namespace assay::server {

// One finished request, for metrics and the access log. Model and content type are empty unless the
// catalog has them.
struct RequestRecord {
  std::string model;
  std::string content_type;
  std::string rule;
  absl::Status status;
  absl::Duration duration;
  // The four below only where status is OK.
  assay::v1::Timings timings;
  int prompt_tokens = 0;
  int completion_tokens = 0;
  double cost_usd = 0;
};

// What a caller of Generate hears while it runs; called on the caller's own thread.
class GenerationObserver {
 public:
  virtual ~GenerationObserver() = default;
  virtual void OnRouted(const registry::RouteDecision& /*route*/) {}
  // False: nobody listens any more; the generation is cancelled.
  virtual bool OnText(const engine::TextEvent& /*event*/) { return true; }
  // Polled every few milliseconds: true cancels.
  virtual bool Cancelled() { return false; }
};

// Thread-safe. Blocks its caller for the length of the generation.
class GenerationService {
 public:
  using RecordFn = std::function<void(const RequestRecord&)>;

  GenerationService(registry::Manager* manager, const LimitsConfig& limits,
                    const evaluator::EconomicsInputs& economics, RecordFn record)
      : manager_(manager), limits_(limits), economics_(economics), record_(std::move(record)) {}

  // Errors as in proto/assay/v1/inference.proto. `observer` may be null.
  absl::Status Generate(const assay::v1::GenerateRequest& request, absl::Time deadline,
                        GenerationObserver* observer, assay::v1::GenerateResponse* response);

  // From now on every new request is UNAVAILABLE; running ones go on.
  void StartDraining() { draining_ = true; }

 private:
  absl::Status Run(const assay::v1::GenerateRequest& request, absl::Time deadline,
                   GenerationObserver* observer, RequestRecord* record,
                   assay::v1::GenerateResponse* response);

  registry::Manager* const manager_;
  const LimitsConfig limits_;
  const evaluator::EconomicsInputs economics_;
  const RecordFn record_;
  std::atomic<bool> draining_ = false;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_GENERATION_H_
