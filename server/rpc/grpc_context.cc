// Converts the context of a gRPC call to the server's own types.
#include "server/rpc/grpc_context.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/time/time.h"

namespace assay::server {
namespace {

constexpr size_t kMaxIdBytes = 128;
constexpr int kIdDigits = 16;

// Returns the first value of the key, or an empty text if there is none.
std::string_view FindMetadata(const grpc::ServerContextBase& call, const char* key) {
  const auto found = call.client_metadata().find(key);
  if (found == call.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

bool IsRequestId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdBytes &&
         std::all_of(id.begin(), id.end(), absl::ascii_isgraph);
}

}  // namespace

Credentials CredentialsOf(const grpc::ServerContextBase& call, const std::string& peer) {
  return {.authorization = FindMetadata(call, "authorization"),
          .api_key = FindMetadata(call, "x-api-key"),
          .peer = peer};
}

RequestContext MakeRequestContext(const grpc::ServerContextBase& call, std::string_view method,
                                  double sample_ratio) {
  if (method.starts_with('/')) method.remove_prefix(1);
  const std::string_view id = FindMetadata(call, kRequestIdKey);
  return {.request_id = IsRequestId(id) ? std::string(id) : RandomHex(kIdDigits),
          .trace = ContinueTrace(FindMetadata(call, "traceparent"),
                                 FindMetadata(call, "tracestate"), sample_ratio),
          .method = std::string(method),
          .peer = call.peer()};
}

}  // namespace assay::server
