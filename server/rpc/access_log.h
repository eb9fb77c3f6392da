// Reports every gRPC call when it ends.
#ifndef ASSAY_SERVER_RPC_ACCESS_LOG_H_
#define ASSAY_SERVER_RPC_ACCESS_LOG_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "grpcpp/support/server_interceptor.h"
#include "grpcpp/support/status.h"
#include "server/access/access_control.h"
#include "server/rpc/request_context.h"
#include "server/rpc/reset_guard.h"

namespace assay::server {

struct CallRecord {
  // Without the caller, which only an admitted call has.
  RequestContext context;
  PresentedKey key;
  grpc::Status status;
  absl::Duration duration;
};

// An interceptor factory that reports each finished call, on the thread of the call, and sends the
// caller its x-request-id. It tells ResetGuard of calls that were cancelled early. For
// ServerBuilder::experimental().SetInterceptorCreators(). Thread-safe.
//
// A handler that sends the caller its x-request-id reports its call itself, because it knows more,
// and the call is not reported here: Generate and GenerateStream, once they are admitted. gRPC
// refuses a message above its size limit before any interceptor sees the call.
class AccessLog final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  using RecordFn = std::function<void(const CallRecord&)>;

  // Called with the peer of a call whose request is complete.
  using ProgressFn = std::function<void(const std::string& peer)>;

  // `resets` and `access`, which names the keys, must outlive the interceptors of all calls.
  // `access` may be null: no key is named.
  AccessLog(RecordFn record, ProgressFn progress, ResetGuard* resets, const AccessControl* access)
      : record_(std::move(record)),
        progress_(std::move(progress)),
        resets_(resets),
        access_(access) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* call) override;

 private:
  const RecordFn record_;
  const ProgressFn progress_;
  ResetGuard* const resets_;
  const AccessControl* const access_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_ACCESS_LOG_H_
