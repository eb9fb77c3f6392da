// The gRPC service assay.v1.AccessService.
#include "server/services/access_service.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "server/wire/proto_time.h"

namespace assay::server {
namespace {

void ToProto(const ApiKey& key, assay::v1::Key* out) {
  out->set_id(key.id);
  out->set_name(key.name);
  for (const std::string& role : key.roles.Names()) out->add_roles(role);
  *out->mutable_created_at() = ToTimestamp(key.created_at);
  if (key.expires_at != absl::InfiniteFuture()) {
    *out->mutable_expires_at() = ToTimestamp(key.expires_at);
  }
  assay::v1::KeyLimits* limits = out->mutable_limits();
  limits->set_requests_per_minute(key.limits.requests_per_minute);
  limits->set_max_concurrent(key.limits.max_concurrent);
  limits->set_tokens_per_day(key.limits.tokens_per_day);
  limits->set_max_priority(key.limits.max_priority);
  limits->set_share(key.limits.share);
  *limits->mutable_models() = {key.limits.models.begin(), key.limits.models.end()};
}

KeyLimits FromProto(const assay::v1::KeyLimits& limits) {
  return {.requests_per_minute = limits.requests_per_minute(),
          .max_concurrent = limits.max_concurrent(),
          .tokens_per_day = limits.tokens_per_day(),
          .max_priority = limits.max_priority(),
          .share = limits.share() == 0 ? 1 : limits.share(),
          .models = {limits.models().begin(), limits.models().end()}};
}

absl::StatusOr<ApiKey> FromProto(const assay::v1::CreateKeyRequest& request) {
  ApiKey key{.name = request.name(), .limits = FromProto(request.limits())};
  ASSIGN_OR_RETURN(key.roles, ParseRoles({request.roles().begin(), request.roles().end()}));
  if (request.has_expires_at()) key.expires_at = FromTimestamp(request.expires_at());
  return key;
}

}  // namespace

absl::Status AccessServiceImpl::CreateKey(const ServerCall& /*call*/,
                                          const assay::v1::CreateKeyRequest& request,
                                          assay::v1::CreateKeyResponse* response) {
  absl::StatusOr<ApiKey> key = FromProto(request);
  RETURN_IF_ERROR(key.status());
  absl::StatusOr<std::string> text = keys_->Create(&*key);
  RETURN_IF_ERROR(text.status());
  ToProto(*key, response->mutable_key());
  response->set_text(*std::move(text));
  return absl::OkStatus();
}

absl::Status AccessServiceImpl::ListKeys(const ServerCall& /*call*/,
                                         const assay::v1::ListKeysRequest& /*request*/,
                                         assay::v1::ListKeysResponse* response) {
  for (const KeyState& state : keys_->List()) {
    assay::v1::Key* key = response->add_keys();
    ToProto(state.key, key);
    key->set_tokens_today(state.tokens_today);
    if (state.last_used != absl::InfinitePast()) {
      *key->mutable_last_used_at() = ToTimestamp(state.last_used);
    }
  }
  response->set_required(required_);
  return absl::OkStatus();
}

absl::Status AccessServiceImpl::RevokeKey(const ServerCall& /*call*/,
                                          const assay::v1::RevokeKeyRequest& request,
                                          assay::v1::RevokeKeyResponse* response) {
  const absl::StatusOr<ApiKey> revoked = keys_->Revoke(request.key());
  RETURN_IF_ERROR(revoked.status());
  ToProto(*revoked, response->mutable_key());
  return absl::OkStatus();
}

}  // namespace assay::server
