// The calls of assay.v1.ModelService for routes.
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "server/routing/route_file.h"
#include "server/routing/routing.h"
#include "server/services/model_service.h"
#include "server/wire/route_proto.h"

namespace assay::server {
namespace {

using assay::v1::ContentRoute;

void FillRoutes(const Routing& routing, google::protobuf::RepeatedPtrField<ContentRoute>* out) {
  for (const registry::RouteTable::Route& route : routing.InForce()) {
    ContentRoute* added = out->Add();
    ToProto(route.policy, added);
    added->set_origin(route.origin == registry::RouteOrigin::kSet ? "set" : "catalog");
  }
}

absl::StatusOr<std::vector<registry::RoutePolicy>> ReadPolicies(
    const assay::v1::SetRoutesRequest& request, const registry::Catalog& catalog) {
  if (!request.yaml().empty()) {
    if (request.routes_size() > 0) {
      return absl::InvalidArgumentError("yaml: is set together with routes; give one of the two");
    }
    const std::string name = request.yaml_name().empty() ? "yaml" : request.yaml_name();
    return ParseRoutes(request.yaml(), name, &catalog);
  }
  std::vector<registry::RoutePolicy> policies;
  for (int i = 0; i < request.routes_size(); ++i) {
    absl::StatusOr<registry::RoutePolicy> policy = FromProto(request.routes(i));
    if (!policy.ok()) {
      return Annotate(policy.status(),
                      absl::StrCat("routes[", i, "] (", request.routes(i).content_type(), ")"));
    }
    policies.push_back(*std::move(policy));
  }
  return policies;
}

}  // namespace

absl::Status ModelServiceImpl::GetRoutes(const ServerCall& /*call*/,
                                         const assay::v1::GetRoutesRequest& /*request*/,
                                         assay::v1::GetRoutesResponse* response) {
  FillRoutes(*deps_.routing, response->mutable_routes());
  response->set_default_model(deps_.manager->catalog()->default_model);
  return absl::OkStatus();
}

absl::Status ModelServiceImpl::SetRoutes(const ServerCall& /*call*/,
                                         const assay::v1::SetRoutesRequest& request,
                                         assay::v1::SetRoutesResponse* response) {
  absl::StatusOr<std::vector<registry::RoutePolicy>> policies =
      ReadPolicies(request, *deps_.manager->catalog());
  RETURN_IF_ERROR(policies.status());
  absl::Status set = deps_.control->SetRoutes(*std::move(policies), request.keep_others());
  if (!set.ok()) return set;
  FillRoutes(*deps_.routing, response->mutable_routes());
  return absl::OkStatus();
}

absl::Status ModelServiceImpl::ExplainRoute(const ServerCall& /*call*/,
                                            const assay::v1::ExplainRouteRequest& request,
                                            assay::v1::ExplainRouteResponse* response) {
  const absl::StatusOr<registry::RouteDecision> decision =
      deps_.routing->Choose({.model = request.model(),
                             .content_type = request.content_type(),
                             .key = request.routing_key(),
                             .prompt = request.prompt()});
  RETURN_IF_ERROR(decision.status());
  response->set_model(decision->model);
  ToProto(*decision, response->mutable_route());
  for (const std::string& model : decision->alternatives) response->add_alternatives(model);
  for (const registry::Candidate& candidate : decision->candidates) {
    assay::v1::RouteCandidate* added = response->add_candidates();
    added->set_model(candidate.model);
    added->set_note(candidate.note);
    added->set_revision(deps_.routing->RevisionOf(candidate.model));
    if (candidate.evidence.has_value()) ToProto(*candidate.evidence, added->mutable_evidence());
  }
  return absl::OkStatus();
}

}  // namespace assay::server
