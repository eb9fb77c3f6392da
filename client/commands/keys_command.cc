// assay keys create, list and revoke.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "assay/v1/access.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/terminal/key_tables.h"

namespace assay::client {
namespace {

using Stub = v1::AccessService::Stub;

v1::CreateKeyRequest ToRequest(const KeyOptions& options) {
  v1::CreateKeyRequest request;
  request.set_name(options.key);
  *request.mutable_roles() = {options.roles.begin(), options.roles.end()};
  if (options.expires_in_seconds > 0) {
    const absl::Time expiry = absl::Now() + absl::Seconds(options.expires_in_seconds);
    request.mutable_expires_at()->set_seconds(absl::ToUnixSeconds(expiry));
  }
  v1::KeyLimits* limits = request.mutable_limits();
  limits->set_requests_per_minute(options.requests_per_minute);
  limits->set_max_concurrent(options.max_concurrent);
  limits->set_tokens_per_day(options.tokens_per_day);
  limits->set_max_priority(options.max_priority);
  limits->set_share(options.share);
  *limits->mutable_models() = {options.models.begin(), options.models.end()};
  return request;
}

}  // namespace

int CreateKey(const Session& session) {
  return CallAndPrint(session, &Stub::CreateKey, ToRequest(session.arguments.keys),
                      [&session](const v1::CreateKeyResponse& reply) {
                        // The key alone goes to standard output, for scripts.
                        session.streams.out << reply.text() << "\n";
                        session.streams.err << KeyLines(reply.key())
                                            << "Keep the key now: it is not shown again.\n";
                      });
}

int ListKeys(const Session& session) {
  return CallAndPrint(session, &Stub::ListKeys, {}, [&session](const v1::ListKeysResponse& reply) {
    session.streams.out << KeyTable(reply);
  });
}

int RevokeKey(const Session& session) {
  v1::RevokeKeyRequest request;
  request.set_key(session.arguments.keys.key);
  return CallAndPrint(session, &Stub::RevokeKey, request,
                      [&session](const v1::RevokeKeyResponse& reply) {
                        session.streams.out << absl::StrCat("revoked key ", reply.key().name(),
                                                            " (", reply.key().id(), ")\n");
                      });
}

}  // namespace assay::client
