// Who calls, and how the call is found again.
#include "server/rpc/request_context.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"

namespace assay::server {
namespace {

constexpr size_t kMaxIdBytes = 128;
constexpr int kIdDigits = 16;

// The first value of that key; empty where there is none.
std::string_view Metadata(const grpc::ServerContextBase& call, const char* key) {
  const auto found = call.client_metadata().find(key);
  if (found == call.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

bool IsRequestId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdBytes &&
         std::all_of(id.begin(), id.end(), absl::ascii_isgraph);
}

}  // namespace

RequestContext MakeRequestContext(const grpc::ServerContextBase& call, std::string_view method,
                                  double sample_ratio) {
  if (method.starts_with('/')) method.remove_prefix(1);
  const std::string_view id = Metadata(call, kRequestIdKey);
  return {.request_id = IsRequestId(id) ? std::string(id) : RandomHex(kIdDigits),
          .trace = ContinueTrace(Metadata(call, "traceparent"), Metadata(call, "tracestate"),
                                 sample_ratio),
          .method = std::string(method),
          .peer = call.peer()};
}

}  // namespace assay::server
