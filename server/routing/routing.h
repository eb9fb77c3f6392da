// Routing of requests: the routes in force, and decisions by them and by evaluations.
#ifndef ASSAY_SERVER_ROUTING_ROUTING_H_
#define ASSAY_SERVER_ROUTING_ROUTING_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "registry/residency/manager.h"
#include "registry/routing/evidence.h"
#include "registry/routing/route_table.h"
#include "registry/routing/router.h"
#include "server/routing/model_kinds.h"

namespace assay::server {

// The fields of a request that decide its route.
struct RoutingInput {
  std::string_view model;
  std::string_view content_type;
  // Has at most 256 bytes. Requests with the same key go to the same model of a weighted route.
  std::string_view key;
  // Used only if prompts are classified.
  std::string_view prompt;
};

// Chooses models for requests, and keeps the routes that were set. Thread-safe.
class Routing {
 public:
  struct Options {
    // True: a request with neither model nor content type may get a content type that has a route
    // (registry/routing/content_classifier.h); the reason then says so.
    bool classify = false;
    // True: a request with an unknown content type is refused. False: the content type has no
    // route, so that the request goes to the default model.
    bool refuse_unknown = true;
    // That of registry::RouteRequest.
    std::function<bool(std::string_view)> down = nullptr;
    // Called if a route is kept by evidence that is too old: at most once a day per content type.
    // Must be thread-safe and fast. May be null.
    std::function<void(const registry::RouteDecision&)> on_old_evidence = nullptr;
    // Keeps encoders out of all routes. May be null: every model generates text.
    ModelKinds* kinds = nullptr;
  };

  // `manager` and `evidence` must outlive this object. `evidence` may be null: there are no
  // evaluations.
  Routing(registry::Manager* manager, const registry::EvidenceSource* evidence, Options options);
  Routing(registry::Manager* manager, const registry::EvidenceSource* evidence)
      : Routing(manager, evidence, Options()) {}

  // Loads the routes of the file and keeps routes that are set in it from now on. Models that the
  // catalog lacks are skipped. INVALID_ARGUMENT has file, line and what to do.
  absl::Status Open(std::string file) ABSL_LOCKS_EXCLUDED(set_mutex_);
  // Returns the error that Open() would return.
  static absl::Status CheckFile(const std::string& file);

  // Works and fails as registry::ChooseRoute(). Also INVALID_ARGUMENT: the key is too long, or the
  // content type is unknown: it is not a known one of the catalog and has no route.
  // FAILED_PRECONDITION: the request names an encoder.
  absl::StatusOr<registry::RouteDecision> Choose(const RoutingInput& input) const;

  // Replaces the routes that were set before: checks them, writes the file, then puts them in
  // force. INVALID_ARGUMENT names the route. An error changes nothing.
  absl::Status Set(std::vector<registry::RoutePolicy> policies) ABSL_LOCKS_EXCLUDED(set_mutex_);
  // Does the same for the given content types only. Routes of other content types stay, unchecked.
  absl::Status Add(std::vector<registry::RoutePolicy> policies) ABSL_LOCKS_EXCLUDED(set_mutex_);
  std::vector<registry::RoutePolicy> set() const { return table_.set(); }
  std::vector<registry::RouteTable::Route> InForce() const;
  // True if there is a route for the content type.
  bool Has(std::string_view content_type) const;

  // Returns the evaluations that count as evidence for the auto routes in force, with the content
  // types of these routes.
  std::map<std::string, std::vector<std::string>> EvaluationsInUse() const;

  // Returns the deployed revision of a model. Empty if the catalog or this machine lacks the model.
  std::string RevisionOf(std::string_view model) const;

 private:
  // Returns the catalog without encoders.
  std::shared_ptr<const registry::Catalog> Catalog() const;
  // Returns INVALID_ARGUMENT if a policy names an encoder.
  absl::Status CheckNoEncoders(const std::vector<registry::RoutePolicy>& policies) const;
  absl::Status CheckContentType(std::string_view type, const registry::Catalog& catalog) const;
  void ReportOldEvidence(const registry::RouteDecision& decision) const
      ABSL_LOCKS_EXCLUDED(reported_mutex_);
  // Checks `policies` and sets them together with `kept`, which are not checked.
  absl::Status SetWith(std::vector<registry::RoutePolicy> kept,
                       std::vector<registry::RoutePolicy> policies)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(set_mutex_);

  registry::Manager* const manager_;
  const registry::EvidenceSource* const evidence_;
  const Options options_;
  registry::RouteTable table_;
  // Held by every change, so that the file and the table agree.
  absl::Mutex set_mutex_;
  std::string file_ ABSL_GUARDED_BY(set_mutex_);
  mutable absl::Mutex reported_mutex_;
  // When a content type was last reported to have evidence that is too old.
  mutable std::map<std::string, absl::Time> reported_ ABSL_GUARDED_BY(reported_mutex_);
  // The number of the next request without a key. Starts at a random number.
  mutable std::atomic<uint64_t> next_nonce_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ROUTING_ROUTING_H_
