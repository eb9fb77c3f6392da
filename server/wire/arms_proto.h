// The comparison of the arms of a weighted route as messages.
#ifndef ASSAY_SERVER_WIRE_ARMS_PROTO_H_
#define ASSAY_SERVER_WIRE_ARMS_PROTO_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "assay/v1/feedback.pb.h"
#include "evaluator/records/feedback.h"
#include "registry/catalog/route_policy.h"
#include "registry/routing/route_table.h"

namespace assay::server {

// The level of the comparisons, and the differences that do not matter.
struct ArmRules {
  double alpha = 0.05;
  double acceptance_margin = 0.05;
  double rating_margin = 0.5;
  double value_margin = 0;
};

// Checks the request and fills in the defaults. INVALID_ARGUMENT names the field.
absl::StatusOr<ArmRules> ToRules(const assay::v1::CompareArmsRequest& request);

// Returns the weighted route of the content type. NOT_FOUND: it has no route. FAILED_PRECONDITION:
// its route is not weighted.
absl::StatusOr<registry::RoutePolicy> FindWeighted(
    const std::vector<registry::RouteTable::Route>& routes, const std::string& content_type);

// Compares each arm with the first one of the policy, on each measure, at level 1 - alpha over the
// comparisons of a measure (Bonferroni). Feedback on models that are no arms is named in the notes.
void FillArms(const registry::RoutePolicy& policy, const std::vector<evaluator::ArmTotals>& totals,
              const ArmRules& rules, assay::v1::CompareArmsResponse* out);

}  // namespace assay::server

#endif  // ASSAY_SERVER_WIRE_ARMS_PROTO_H_
