// The caller of an RPC, and what it may do.
#include "server/access/caller.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace assay::server {

bool Caller::MayUse(std::string_view model) const {
  return models.empty() || std::find(models.begin(), models.end(), model) != models.end();
}

absl::Status Caller::CheckModel(const std::string& model) const {
  if (MayUse(model)) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat("model: key ", name, " may not use ", model,
                                                  "; it may use ", absl::StrJoin(models, ", ")));
}

bool IsUnixSocket(std::string_view peer) { return peer.starts_with("unix:"); }

bool IsLocal(std::string_view peer) {
  constexpr std::string_view kLocal[] = {"ipv4:127.", "ipv6:[::1]", "ipv6:%5B::1%5D"};
  return IsUnixSocket(peer) ||
         std::any_of(std::begin(kLocal), std::end(kLocal),
                     [peer](std::string_view prefix) { return peer.starts_with(prefix); });
}

Caller CallerAt(std::string_view peer) {
  const bool is_local = IsLocal(peer);
  return {.id = std::string(is_local ? peer : peer.substr(0, peer.rfind(':'))),
          .may_name_files = is_local};
}

}  // namespace assay::server
