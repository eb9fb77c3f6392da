// The daemon's gRPC server.
#include "server/grpc_server.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "assay/v1/embedding.pb.h"
#include "assay/v1/evaluation.pb.h"
#include "assay/v1/feedback.pb.h"
#include "assay/v1/inference.pb.h"
#include "assay/v1/judging.pb.h"
#include "assay/v1/model.pb.h"
#include "assay/v1/rating.pb.h"
#include "assay/v1/scoring.pb.h"
#include "assay/v1/tracking.pb.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"

namespace assay::server {
namespace {

constexpr int64_t kMessageOverheadBytes = int64_t{1} << 20;
// Threads for calls that do not wait in a model's queue: models, evaluations, health, reflection.
constexpr int kSpareThreads = 64;

int MaxThreads(const LimitsConfig& limits, size_t models) {
  return kSpareThreads + (limits.max_waiting + limits.max_running) * static_cast<int>(models);
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(
    Options options, const std::vector<grpc::Service*>& services) {
  const size_t colon = options.listen.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("listen: '", options.listen, "' is not host:port, as in 127.0.0.1:50051"));
  }
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(options.listen, grpc::InsecureServerCredentials(), &port);
  // Otherwise a second daemon could share the port and receive half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // The prompt, the tools and the variables of the template may each have max_prompt_bytes.
  builder.SetMaxReceiveMessageSize(
      static_cast<int>(3 * options.limits.max_prompt_bytes + kMessageOverheadBytes));
  grpc::ResourceQuota quota;
  quota.SetMaxThreads(MaxThreads(options.limits, options.models));
  builder.SetResourceQuota(quota);
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(std::make_unique<AccessLog>(std::move(options.on_call)));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  for (grpc::Service* service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "listen: cannot listen on ", options.listen,
        ": the port is in use or the host is not this machine's; stop the other server (another "
        "assayd?) or set listen (--listen) to a free port"));
  }
  return std::unique_ptr<GrpcServer>(
      new GrpcServer(std::move(server), absl::StrCat(options.listen.substr(0, colon), ":", port)));
}

GrpcServer::GrpcServer(std::unique_ptr<grpc::Server> server, std::string address)
    : server_(std::move(server)), address_(std::move(address)) {}

GrpcServer::~GrpcServer() { Abort(); }

void GrpcServer::SetServing(const std::string& service, bool serving) {
  server_->GetHealthCheckService()->SetServingStatus(service, serving);
}

void GrpcServer::Drain(absl::Time deadline) {
  server_->GetHealthCheckService()->Shutdown();
  server_->Shutdown(absl::ToChronoTime(deadline));
}

void GrpcServer::Abort() { server_->Shutdown(absl::ToChronoTime(absl::Now())); }

std::vector<std::string> ServedMethods() {
  std::vector<std::string> methods;
  for (const google::protobuf::FileDescriptor* file :
       {assay::v1::GenerateRequest::descriptor()->file(),
        assay::v1::LoadModelRequest::descriptor()->file(),
        assay::v1::EvaluateRequest::descriptor()->file(),
        assay::v1::EmbedRequest::descriptor()->file(),
        assay::v1::ScoreRequest::descriptor()->file(),
        assay::v1::GiveFeedbackRequest::descriptor()->file(),
        assay::v1::AddRatingsRequest::descriptor()->file(),
        assay::v1::JudgeEvaluationRequest::descriptor()->file(),
        assay::v1::FlushTrackingRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) {
      const google::protobuf::ServiceDescriptor* service = file->service(i);
      for (int j = 0; j < service->method_count(); ++j) {
        methods.push_back(absl::StrCat(service->full_name(), "/", service->method(j)->name()));
      }
    }
  }
  return methods;
}

}  // namespace assay::server
