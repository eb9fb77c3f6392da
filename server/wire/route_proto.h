// Converts routes and route decisions to messages and back.
#ifndef ASSAY_SERVER_WIRE_ROUTE_PROTO_H_
#define ASSAY_SERVER_WIRE_ROUTE_PROTO_H_

#include "absl/status/statusor.h"
#include "assay/v1/inference.pb.h"
#include "assay/v1/model.pb.h"
#include "registry/catalog/route_policy.h"
#include "registry/routing/evidence.h"
#include "registry/routing/router.h"

namespace assay::server {

void ToProto(const registry::RouteDecision& decision, assay::v1::Route* out);
void ToProto(const registry::Evidence& evidence, assay::v1::RouteEvidence* out);
void ToProto(const registry::RoutePolicy& policy, assay::v1::ContentRoute* out);
// INVALID_ARGUMENT names the field: an unknown rule, or a field that the rule does not have.
// Routing::Set() checks the rest.
absl::StatusOr<registry::RoutePolicy> FromProto(const assay::v1::ContentRoute& route);

}  // namespace assay::server

#endif  // ASSAY_SERVER_WIRE_ROUTE_PROTO_H_
