// assay routes.
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "assay/v1/model.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/input/prompt_input.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/report.h"
#include "client/terminal/route_tables.h"

namespace assay::client {
namespace {

// The stub, and a context that the session's interrupt and deadline end.
class Call {
 public:
  explicit Call(const Session& session)
      : stub_(v1::ModelService::NewStub(session.connection.channel())),
        watched_(session.connection.interrupt(), Prepared(session)) {}

  v1::ModelService::Stub* operator->() { return stub_.get(); }
  grpc::ClientContext* context() { return &context_; }

 private:
  grpc::ClientContext& Prepared(const Session& session) {
    session.connection.Prepare(context_);
    return context_;
  }

  const std::unique_ptr<v1::ModelService::Stub> stub_;
  grpc::ClientContext context_;
  const WatchedCall watched_;
};

// This content type's route alone; the others that were set stay.
void AddFixed(const std::string& content_type, const std::string& model,
              v1::SetRoutesRequest* request) {
  request->set_keep_others(true);
  v1::ContentRoute* added = request->add_routes();
  added->set_content_type(content_type);
  added->set_rule("fixed");
  added->set_model(model);
}

int Send(const Session& session, const v1::SetRoutesRequest& request) {
  Call call(session);
  v1::SetRoutesResponse reply;
  const grpc::Status status = call->SetRoutes(call.context(), request, &reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    session.streams.out << RouteTable(reply.routes());
  }
  return kExitOk;
}

}  // namespace

int ShowRoutes(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  Call call(session);
  v1::GetRoutesResponse reply;
  const grpc::Status status = call->GetRoutes(call.context(), {}, &reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
    return kExitOk;
  }
  session.streams.out << RouteTable(reply.routes());
  session.streams.out << (reply.default_model().empty()
                              ? std::string("what no route covers is refused\n")
                              : "what no route covers: " + OneLine(reply.default_model()) + "\n");
  return kExitOk;
}

int SetRoutes(const Session& session) {
  const std::vector<std::string>& target = session.arguments.routes.target;
  v1::SetRoutesRequest request;
  if (target.size() == 1) {
    const absl::StatusOr<std::string> text = ReadInput(target[0], session.streams.in);
    if (!text.ok()) {
      session.streams.err << "assay: INVALID_ARGUMENT: "
                          << OneLine(std::string(text.status().message())) << "\n";
      return kExitUsage;
    }
    request.set_yaml(*text);
    request.set_yaml_name(target[0]);
  }
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  if (target.size() > 1) AddFixed(target[0], target[1], &request);
  return Send(session, request);
}

int ResetRoutes(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  return Send(session, {});
}

int ExplainRoute(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const RoutesOptions& options = session.arguments.routes;
  v1::ExplainRouteRequest request;
  request.set_model(options.model);
  request.set_content_type(options.content_type);
  request.set_routing_key(options.key);
  request.set_prompt(options.prompt);
  v1::ExplainRouteResponse reply;
  Call call(session);
  const grpc::Status status = call->ExplainRoute(call.context(), request, &reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    session.streams.out << ExplanationText(reply);
  }
  return kExitOk;
}

}  // namespace assay::client
