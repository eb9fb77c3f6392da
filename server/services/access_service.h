// The gRPC service assay.v1.AccessService.
#ifndef ASSAY_SERVER_SERVICES_ACCESS_SERVICE_H_
#define ASSAY_SERVER_SERVICES_ACCESS_SERVICE_H_

#include "absl/status/status.h"
#include "assay/v1/access.grpc.pb.h"
#include "server/access/key_store.h"
#include "server/rpc/call_runner.h"

namespace assay::server {

// Creates, lists and revokes keys. Thread-safe.
class AccessServiceImpl final : public assay::v1::AccessService::CallbackService {
 public:
  // `calls` runs the calls. `required`: the server asks callers for keys. Every pointer must
  // outlive the service.
  AccessServiceImpl(CallRunner* calls, KeyStore* keys, bool required)
      : calls_(calls), keys_(keys), required_(required) {}

  grpc::ServerUnaryReactor* CreateKey(grpc::CallbackServerContext* context,
                                      const assay::v1::CreateKeyRequest* request,
                                      assay::v1::CreateKeyResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kQuick, this,
                         &AccessServiceImpl::CreateKey, request, response);
  }
  grpc::ServerUnaryReactor* ListKeys(grpc::CallbackServerContext* context,
                                     const assay::v1::ListKeysRequest* request,
                                     assay::v1::ListKeysResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kQuick, this,
                         &AccessServiceImpl::ListKeys, request, response);
  }
  grpc::ServerUnaryReactor* RevokeKey(grpc::CallbackServerContext* context,
                                      const assay::v1::RevokeKeyRequest* request,
                                      assay::v1::RevokeKeyResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kQuick, this,
                         &AccessServiceImpl::RevokeKey, request, response);
  }

 private:
  static constexpr const char* kService = assay::v1::AccessService::service_full_name();

  absl::Status CreateKey(const ServerCall& call, const assay::v1::CreateKeyRequest& request,
                         assay::v1::CreateKeyResponse* response);
  absl::Status ListKeys(const ServerCall& call, const assay::v1::ListKeysRequest& request,
                        assay::v1::ListKeysResponse* response);
  absl::Status RevokeKey(const ServerCall& call, const assay::v1::RevokeKeyRequest& request,
                         assay::v1::RevokeKeyResponse* response);

  CallRunner* const calls_;
  KeyStore* const keys_;
  const bool required_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_ACCESS_SERVICE_H_
