// Who calls, as far as queues and limits are concerned.
#include "server/rpc/caller.h"

#include <algorithm>
#include <iterator>

namespace assay::server {

bool IsLocal(std::string_view peer) {
  constexpr std::string_view kLocal[] = {"ipv4:127.", "ipv6:[::1]", "ipv6:%5B::1%5D", "unix:"};
  return std::any_of(std::begin(kLocal), std::end(kLocal),
                     [peer](std::string_view prefix) { return peer.starts_with(prefix); });
}

Caller CallerAt(std::string_view peer) {
  if (IsLocal(peer)) return {.id = std::string(peer)};
  return {.id = std::string(peer.substr(0, peer.rfind(':')))};
}

}  // namespace assay::server
