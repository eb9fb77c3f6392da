// What a caller may do.
#include "server/access/role.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay::server {

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kGenerate:
      return "generate";
    case Role::kEvaluate:
      return "evaluate";
    case Role::kMetrics:
      return "metrics";
    case Role::kAdmin:
      return "admin";
  }
  return "";
}

absl::StatusOr<Roles> ParseRoles(const std::vector<std::string>& names) {
  Roles roles;
  for (const std::string& name : names) {
    const auto* const role =
        std::find_if(kAllRoles.begin(), kAllRoles.end(),
                     [&name](Role candidate) { return RoleName(candidate) == name; });
    if (role == kAllRoles.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "roles: '", name, "' is not a role; give generate, evaluate, metrics or admin"));
    }
    roles.Add(*role);
  }
  return roles;
}

std::vector<std::string> Roles::Names() const {
  std::vector<std::string> names;
  for (const Role role : kAllRoles) {
    if (Has(role)) names.emplace_back(RoleName(role));
  }
  return names;
}

}  // namespace assay::server
