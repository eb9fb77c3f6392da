// Decides who may call what.
#include "server/access/access_control.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "base/steady_time.h"

namespace assay::server {
namespace {

constexpr std::string_view kBearer = "bearer ";

// Returns the key that the caller presents, empty if it presents none.
std::string_view KeyOf(const Credentials& credentials) {
  std::string_view text = credentials.authorization;
  if (absl::StartsWithIgnoreCase({text.data(), text.size()}, {kBearer.data(), kBearer.size()})) {
    text.remove_prefix(kBearer.size());
    while (text.starts_with(' ')) text.remove_prefix(1);
    return text;
  }
  // A proxy may have added its own credentials.
  return text.empty() || !credentials.api_key.empty() ? credentials.api_key : text;
}

Caller CallerWith(const KeyStore::Found& found) {
  const ApiKey& key = *found.key;
  return {.id = absl::StrCat("key:", key.id),
          .name = key.name,
          .roles = key.roles,
          .may_name_files = key.roles.Has(Role::kAdmin),
          .share = key.limits.share,
          .max_priority = key.limits.max_priority,
          .models = key.limits.models,
          .meter = found.meter};
}

}  // namespace

absl::Status AccessControl::MissingKey(std::string_view peer) const {
  std::string hint;
  if (IsLocal(peer) && !options_.unix_socket.empty()) {
    hint = absl::StrCat("; on this machine, the server's user needs none at unix:",
                        options_.unix_socket);
  }
  return absl::UnauthenticatedError(
      absl::StrCat("authorization: this server requires a key; send \"authorization: Bearer KEY\" "
                   "(assay: set ASSAY_API_KEY)",
                   hint));
}

absl::StatusOr<Caller> AccessControl::Identify(const Credentials& credentials) const {
  if (!options_.keys_required) return CallerAt(credentials.peer);
  const std::string_view text = KeyOf(credentials);
  if (text.empty()) {
    if (IsUnixSocket(credentials.peer)) return CallerAt(credentials.peer);
    return MissingKey(credentials.peer);
  }
  ASSIGN_OR_RETURN(const KeyStore::Found found, keys_->Find(text, absl::Now()));
  return CallerWith(found);
}

PresentedKey AccessControl::KeyIn(const Credentials& credentials) const {
  if (!options_.keys_required) return {};
  const std::string_view text = KeyOf(credentials);
  if (text.empty()) return {};
  std::optional<std::string> name = keys_->NameOf(text);
  if (!name.has_value()) return {.is_unknown = true};
  return {.name = *std::move(name)};
}

AccessControl::Decision AccessControl::Admit(const Credentials& credentials, Roles allowed,
                                             std::string_view what) const {
  absl::StatusOr<Caller> caller = Identify(credentials);
  if (!caller.ok()) return {.status = caller.status()};
  Decision decision{.caller = *std::move(caller)};
  // Calls that are denied count in the rate too.
  if (const std::shared_ptr<KeyMeter>& meter = decision.caller.meter; meter != nullptr) {
    Refusal refusal = meter->Begin(SteadyNow(), absl::Now());
    decision.status = std::move(refusal.status);
    decision.retry_after = refusal.retry_after;
    if (!decision.status.ok()) return decision;
    decision.admission = std::make_shared<Admission>(meter);
  }
  if (!decision.caller.roles.Intersects(allowed)) {
    decision.status = absl::PermissionDeniedError(absl::StrCat(
        std::string(what), " needs the role ", absl::StrJoin(allowed.Names(), " or "), "; key ",
        decision.caller.name, " has ", absl::StrJoin(decision.caller.roles.Names(), ", ")));
  }
  return decision;
}

}  // namespace assay::server
