// The channel to the daemon, plain or with TLS.
#include "client/rpc/channel.h"

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/whole_file.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace assay::client {
namespace {

constexpr int kMaxReplyBytes = 64 * 1024 * 1024;
constexpr int64_t kMaxPemBytes = int64_t{1} << 20;

absl::StatusOr<std::string> ReadPem(const char* option, const std::string& path) {
  if (path.empty()) return std::string();
  absl::StatusOr<std::string> bytes = ReadWholeFile(path, kMaxPemBytes);
  if (bytes.ok() && absl::StrContains(*bytes, "-----BEGIN ")) return bytes;
  if (bytes.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(option, ": ", path, " is not a file in PEM"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat(option, ": ", std::string(bytes.status().message())));
}

bool IsOnThisMachine(std::string_view address) {
  for (const std::string_view prefix : {"unix:", "localhost:", "127.0.0.1:", "[::1]:"}) {
    if (address.starts_with(prefix)) return true;
  }
  return false;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const ChannelOptions& options) {
  // The Unix socket never uses TLS.
  if (!options.UsesTls() || options.address.starts_with("unix:")) {
    return grpc::InsecureChannelCredentials();
  }
  if (options.certificate_file.empty() != options.certificate_key_file.empty()) {
    return absl::InvalidArgumentError("--certificate and --certificate-key: give both, or none");
  }
  grpc::SslCredentialsOptions tls;
  ASSIGN_OR_RETURN(tls.pem_root_certs, ReadPem("--ca", options.ca_file));
  ASSIGN_OR_RETURN(tls.pem_cert_chain, ReadPem("--certificate", options.certificate_file));
  ASSIGN_OR_RETURN(tls.pem_private_key, ReadPem("--certificate-key", options.certificate_key_file));
  return grpc::SslCredentials(tls);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options) {
  if (!options.api_key.empty() && !options.UsesTls() && !options.insecure &&
      !IsOnThisMachine(options.address)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--address: the key would be sent to ", options.address,
                     " without TLS; use --tls or --ca, or --insecure if the network is yours"));
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ChannelCredentials> credentials,
                   MakeCredentials(options));
  grpc::ChannelArguments arguments;
  // The daemon runs on this machine or network; the environment's web proxy must not be used.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kMaxReplyBytes);
  return grpc::CreateCustomChannel(options.address, credentials, arguments);
}

}  // namespace assay::client
