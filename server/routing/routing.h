// Routing as the daemon does it: the routes in force, what was evaluated, and decisions by them.
#ifndef ASSAY_SERVER_ROUTING_ROUTING_H_
#define ASSAY_SERVER_ROUTING_ROUTING_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "registry/residency/manager.h"
#include "registry/routing/evidence.h"
#include "registry/routing/route_table.h"
#include "registry/routing/router.h"

namespace assay::server {

// What a request says of where it wants to go.
struct RoutingInput {
  std::string_view model;
  std::string_view content_type;
  // At most 256 bytes.
  std::string_view key;
  // Where prompts are classified.
  std::string_view prompt;
};

// Thread-safe.
class Routing {
 public:
  // evidence: null = nothing was evaluated. Both outlive it. classify: a prompt that comes with
  // neither model nor content type may be given one (registry/routing/content_classifier.h) that
  // has a route; the reason says so. down: as in registry::RouteRequest.
  Routing(registry::Manager* manager, const registry::EvidenceSource* evidence,
          bool classify = false, std::function<bool(std::string_view)> down = nullptr);

  // From now on routes that are set are kept in this file. Takes those it has: models that the
  // catalog lacks are passed over. INVALID_ARGUMENT: with file, line and what to do.
  absl::Status Open(std::string file) ABSL_LOCKS_EXCLUDED(set_mutex_);

  // As registry::ChooseRoute(). INVALID_ARGUMENT too: a key that is too long.
  absl::StatusOr<registry::RouteDecision> Choose(const RoutingInput& input) const;

  // Replaces the routes that were set before; checked, then written, then in force.
  // INVALID_ARGUMENT names the route; on every error all stays as it was.
  absl::Status Set(std::vector<registry::RoutePolicy> policies) ABSL_LOCKS_EXCLUDED(set_mutex_);
  // Alike, but only for the content types given: what was set for others stays, unchecked.
  absl::Status Add(std::vector<registry::RoutePolicy> policies) ABSL_LOCKS_EXCLUDED(set_mutex_);
  std::vector<registry::RoutePolicy> set() const { return table_.set(); }
  std::vector<registry::RouteTable::Route> InForce() const;
  // Whether some route is for that content type.
  bool Has(std::string_view content_type) const;

  // What is deployed of a model of the catalog; empty = not on this machine, or unknown.
  std::string RevisionOf(std::string_view model) const;

 private:
  // Both writes: checks `policies`, and takes those of `kept` beside them.
  absl::Status SetBeside(std::vector<registry::RoutePolicy> kept,
                         std::vector<registry::RoutePolicy> policies)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(set_mutex_);

  registry::Manager* const manager_;
  const registry::EvidenceSource* const evidence_;
  const bool classify_;
  const std::function<bool(std::string_view)> down_;
  registry::RouteTable table_;
  // One Set() at a time, so that the file and the table agree.
  absl::Mutex set_mutex_;
  std::string file_ ABSL_GUARDED_BY(set_mutex_);
  // Numbers of requests without a key, from a random one on.
  mutable std::atomic<uint64_t> next_nonce_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ROUTING_ROUTING_H_
