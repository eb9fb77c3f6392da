// Converts the context of a gRPC call to the server's own types.
#ifndef ASSAY_SERVER_RPC_GRPC_CONTEXT_H_
#define ASSAY_SERVER_RPC_GRPC_CONTEXT_H_

#include <string>
#include <string_view>

#include "grpcpp/server_context.h"
#include "server/access/access_control.h"
#include "server/rpc/request_context.h"

namespace assay::server {

// The metadata key of the caller's id for a call, and of the id in the initial metadata of the
// reply.
inline constexpr char kRequestIdKey[] = "x-request-id";

// Returns what the caller presents. The result refers to `call` and `peer`.
Credentials CredentialsOf(const grpc::ServerContextBase& call, const std::string& peer);

// Returns the origin of the call, without the caller. `method` is gRPC's name with or without the
// leading slash. `sample_ratio` is the share of traces that are sampled if the caller sends none.
RequestContext MakeRequestContext(const grpc::ServerContextBase& call, std::string_view method,
                                  double sample_ratio);

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_GRPC_CONTEXT_H_
