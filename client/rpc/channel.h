// The channel to the daemon, plain or with TLS.
#ifndef ASSAY_CLIENT_RPC_CHANNEL_H_
#define ASSAY_CLIENT_RPC_CHANNEL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"

namespace assay::client {

// How to reach the daemon, and how to prove who calls.
struct ChannelOptions {
  // host:port, or unix:PATH.
  std::string address;
  // True: uses TLS. A `ca_file` or a `certificate_file` implies it.
  bool tls = false;
  // Files in PEM: the roots of the server's certificate (empty: the system's), and the client's own
  // certificate with its key (empty: none).
  std::string ca_file;
  std::string certificate_file;
  std::string certificate_key_file;
  // The key of the caller. Empty: none.
  std::string api_key;
  // True: the key may be sent to another machine without TLS.
  bool insecure = false;

  bool UsesTls() const {
    return tls || !ca_file.empty() || !certificate_file.empty() || !certificate_key_file.empty();
  }
};

// Opens no socket. INVALID_ARGUMENT names the option: a file cannot be read, or the key would be
// sent to another machine without TLS.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_RPC_CHANNEL_H_
