// Every call of gRPC's, seen when it ends.
#ifndef ASSAY_SERVER_RPC_ACCESS_LOG_H_
#define ASSAY_SERVER_RPC_ACCESS_LOG_H_

#include <functional>
#include <utility>

#include "absl/time/time.h"
#include "grpcpp/support/server_interceptor.h"
#include "grpcpp/support/status.h"
#include "server/rpc/request_context.h"

namespace assay::server {

struct CallRecord {
  RequestContext context;
  grpc::Status status;
  absl::Duration duration;
};

// Tells of each finished call, on the call's own thread, and gives the caller its x-request-id;
// Generate and GenerateStream do both themselves, since they know more, but for messages that are
// none. A message beyond gRPC's size limit is refused before anybody here sees the call. For
// ServerBuilder::experimental().SetInterceptorCreators().
class AccessLog final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  using RecordFn = std::function<void(const CallRecord&)>;

  explicit AccessLog(RecordFn record) : record_(std::move(record)) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* call) override;

 private:
  const RecordFn record_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_ACCESS_LOG_H_
