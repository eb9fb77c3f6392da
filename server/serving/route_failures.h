// The models of a route that could not answer a request.
#ifndef ASSAY_SERVER_SERVING_ROUTE_FAILURES_H_
#define ASSAY_SERVER_SERVING_ROUTE_FAILURES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "registry/routing/router.h"

namespace assay::server {

// Collects the failures of one request in the order of the route. Thread-compatible.
class RouteFailures {
 public:
  // `status` must be an error.
  void Add(std::string model, absl::Status status);
  bool empty() const { return failures_.empty(); }

  // Returns the error of a request that every model failed; there must be a failure. It is the
  // first error that may pass (UNAVAILABLE, RESOURCE_EXHAUSTED), else the first one, with its
  // payloads. The message lists all models unless there is only one.
  absl::Status ToStatus() const;

  // Changes the decision to `model`, an alternative that replaces those that failed.
  void FallBack(const std::string& model, registry::RouteDecision* route) const;

 private:
  struct Failure {
    std::string model;
    absl::Status status;
  };

  std::string Describe() const;

  std::vector<Failure> failures_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_ROUTE_FAILURES_H_
