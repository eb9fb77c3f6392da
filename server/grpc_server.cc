// The daemon's gRPC server.
#include "server/grpc_server.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "assay/v1/access.pb.h"
#include "assay/v1/embedding.pb.h"
#include "assay/v1/evaluation.pb.h"
#include "assay/v1/evaluation_control.pb.h"
#include "assay/v1/feedback.pb.h"
#include "assay/v1/inference.pb.h"
#include "assay/v1/judging.pb.h"
#include "assay/v1/model.pb.h"
#include "assay/v1/prompt_log.pb.h"
#include "assay/v1/rating.pb.h"
#include "assay/v1/scoring.pb.h"
#include "assay/v1/tracking.pb.h"
#include "base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/impl/server_builder_option.h"
#include "grpcpp/impl/server_builder_plugin.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace assay::server {
namespace {

constexpr int64_t kMessageOverheadBytes = int64_t{1} << 20;
// The threads of gRPC's synchronous services. Only server reflection is one.
constexpr int kReflectionThreads = 8;
// A client must end the handshake of its connection within this time.
constexpr absl::Duration kHandshakeTimeout = absl::Seconds(10);
// A silent connection is asked at this interval if its client still lives, and is closed if no
// answer comes within the timeout.
constexpr absl::Duration kKeepaliveTime = absl::Minutes(1);
constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(20);
// Clients may send keepalive pings of their own so often, also without calls.
constexpr absl::Duration kShortestPingInterval = absl::Seconds(10);
// A connection without calls is closed after this time; clients connect again by themselves.
constexpr absl::Duration kConnectionIdle = absl::Minutes(30);
constexpr int kMaxMetadataBytes = 16 << 10;
// How often gRPC reads the copies of the certificates.
constexpr unsigned kCertificateSeconds = 1;

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

void SetConnectionArguments(const LimitsConfig& limits, grpc::ServerBuilder* builder) {
  // The prompt, the tools and the variables of the template may each have max_prompt_bytes.
  builder->SetMaxReceiveMessageSize(
      static_cast<int>(3 * limits.max_prompt_bytes + kMessageOverheadBytes));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.max_streams);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                              Milliseconds(kHandshakeTimeout));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(kKeepaliveTime));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(kKeepaliveTimeout));
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              Milliseconds(kShortestPingInterval));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, Milliseconds(kConnectionIdle));
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  grpc::ResourceQuota quota;
  quota.SetMaxThreads(kReflectionThreads);
  builder->SetResourceQuota(quota);
}

// gRPC adds reflection to every server of a process that links it.
class WithoutReflection final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments* /*arguments*/) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    std::erase_if(*plugins, [](const auto& plugin) {
      return plugin->name() == grpc::reflection::ProtoServerReflectionPlugin().name();
    });
  }
};

using Receiver = grpc::experimental::ExternalConnectionAcceptor;

std::shared_ptr<grpc::ServerCredentials> CredentialsFor(const CertificateWatch* certificates) {
  if (certificates == nullptr) return grpc::InsecureServerCredentials();
  namespace tls = grpc::experimental;
  const std::string& file = certificates->key_and_chain();
  tls::TlsServerCredentialsOptions options(std::make_shared<tls::FileWatcherCertificateProvider>(
      file, file, certificates->client_ca(), kCertificateSeconds));
  options.watch_identity_key_cert_pairs();
  if (!certificates->client_ca().empty()) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return tls::TlsServerCredentials(options);
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(
    Options options, const std::vector<grpc::Service*>& services) {
  const ConnectionLimits limits = WithinDescriptors(
      {.max_connections = options.limits.max_connections,
       .max_per_address = options.limits.max_connections_per_address,
       .max_unfinished_bytes = options.progress == nullptr
                                   ? std::numeric_limits<uint64_t>::max()
                                   : static_cast<uint64_t>(options.limits.max_message_bytes)});
  Acceptors acceptors;
  ASSIGN_OR_RETURN(acceptors.emplace_back(), ConnectionAcceptor::Bind(options.listen, limits));
  if (!options.unix_socket.empty()) {
    ASSIGN_OR_RETURN(acceptors.emplace_back(),
                     ConnectionAcceptor::BindUnix(options.unix_socket, limits));
  }
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  if (!options.reflection) builder.SetOption(std::make_unique<WithoutReflection>());
  SetConnectionArguments(options.limits, &builder);
  std::vector<std::shared_ptr<Receiver>> receivers;
  for (const auto& acceptor : acceptors) {
    const bool is_port = acceptor == acceptors.front();
    receivers.push_back(builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        CredentialsFor(is_port ? options.certificates : nullptr)));
  }
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  auto resets = std::make_unique<ResetGuard>(
      ResetGuard::Limits{},
      [port = acceptors.front().get()](const std::string& peer) { port->Ban(peer); });
  interceptors.push_back(std::make_unique<AccessLog>(
      std::move(options.on_call),
      [progress = options.progress](const std::string& peer) {
        if (progress != nullptr) progress->Touch(peer);
      },
      resets.get(), options.access));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  for (grpc::Service* service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return absl::InternalError("gRPC could not start its server");
  for (size_t i = 0; i < acceptors.size(); ++i) {
    acceptors[i]->Start(
        [receiver = receivers[i]](int listener, int fd) {
          Receiver::NewConnectionParameters parameters;
          parameters.listener_fd = listener;
          parameters.fd = fd;
          receiver->HandleNewConnection(&parameters);
        },
        options.on_flood, acceptors[i] == acceptors.front() ? options.progress : nullptr);
  }
  return std::unique_ptr<GrpcServer>(
      new GrpcServer(std::move(acceptors), std::move(resets), std::move(server)));
}

GrpcServer::GrpcServer(Acceptors acceptors, std::unique_ptr<ResetGuard> resets,
                       std::unique_ptr<grpc::Server> server)
    : acceptors_(std::move(acceptors)), resets_(std::move(resets)), server_(std::move(server)) {}

GrpcServer::~GrpcServer() { Abort(); }

void GrpcServer::StopAccepting() {
  for (const auto& acceptor : acceptors_) acceptor->Stop();
}

void GrpcServer::SetServing(const std::string& service, bool serving) {
  server_->GetHealthCheckService()->SetServingStatus(service, serving);
}

void GrpcServer::Drain(absl::Time deadline) {
  server_->GetHealthCheckService()->Shutdown();
  StopAccepting();
  server_->Shutdown(absl::ToChronoTime(deadline));
}

void GrpcServer::Abort() {
  StopAccepting();
  server_->Shutdown(absl::ToChronoTime(absl::Now()));
}

std::vector<std::string> ServedMethods() {
  std::vector<std::string> methods;
  for (const google::protobuf::FileDescriptor* file :
       {assay::v1::CreateKeyRequest::descriptor()->file(),
        assay::v1::GenerateRequest::descriptor()->file(),
        assay::v1::LoadModelRequest::descriptor()->file(),
        assay::v1::EvaluateRequest::descriptor()->file(),
        assay::v1::DeleteEvaluationsRequest::descriptor()->file(),
        assay::v1::EmbedRequest::descriptor()->file(),
        assay::v1::ScoreRequest::descriptor()->file(),
        assay::v1::GiveFeedbackRequest::descriptor()->file(),
        assay::v1::AddRatingsRequest::descriptor()->file(),
        assay::v1::JudgeEvaluationRequest::descriptor()->file(),
        assay::v1::FlushTrackingRequest::descriptor()->file(),
        assay::v1::ListPromptsRequest::descriptor()->file()}) {
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
