// assay routes.
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "assay/v1/model.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/input/prompt_input.h"
#include "client/terminal/route_tables.h"

namespace assay::client {
namespace {

using Stub = v1::ModelService::Stub;

// Sets the route of one content type and keeps the other routes that were set.
v1::SetRoutesRequest FixedRoute(const std::string& content_type, const std::string& model) {
  v1::SetRoutesRequest request;
  request.set_keep_others(true);
  v1::ContentRoute* route = request.add_routes();
  route->set_content_type(content_type);
  route->set_rule("fixed");
  route->set_model(model);
  return request;
}

int Send(const Session& session, const v1::SetRoutesRequest& request) {
  return CallAndPrint(session, &Stub::SetRoutes, request,
                      [&session](const v1::SetRoutesResponse& reply) {
                        session.streams.out << RouteTable(reply.routes());
                      });
}

}  // namespace

int ShowRoutes(const Session& session) {
  return CallAndPrint(session, &Stub::GetRoutes, {},
                      [&session](const v1::GetRoutesResponse& reply) {
                        session.streams.out << RouteTable(reply.routes())
                                            << (reply.default_model().empty()
                                                    ? "content types without a route: refused\n"
                                                    : "content types without a route: " +
                                                          OneLine(reply.default_model()) + "\n");
                      });
}

int SetRoutes(const Session& session) {
  const std::vector<std::string>& target = session.arguments.routes.target;
  if (target.size() > 1) return Send(session, FixedRoute(target[0], target[1]));
  const absl::StatusOr<std::string> text = ReadInput(target[0], session.streams.in);
  if (!text.ok()) return ReportUsageError(session, text.status());
  v1::SetRoutesRequest request;
  request.set_yaml(*text);
  request.set_yaml_name(target[0]);
  return Send(session, request);
}

int ResetRoutes(const Session& session) { return Send(session, {}); }

int ExplainRoute(const Session& session) {
  const RoutesOptions& options = session.arguments.routes;
  v1::ExplainRouteRequest request;
  request.set_model(options.model);
  request.set_content_type(options.content_type);
  request.set_routing_key(options.key);
  request.set_prompt(options.prompt);
  return CallAndPrint(session, &Stub::ExplainRoute, request,
                      [&session](const v1::ExplainRouteResponse& reply) {
                        session.streams.out << ExplanationText(reply);
                      });
}

}  // namespace assay::client
