// What a caller may do.
#include "server/access/role.h"

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

std::optional<Role> ParseRole(std::string_view name) {
  for (const Role role : kAllRoles) {
    if (RoleName(role) == name) return role;
  }
  return std::nullopt;
}

std::vector<std::string> Roles::Names() const {
  std::vector<std::string> names;
  for (const Role role : kAllRoles) {
    if (Has(role)) names.emplace_back(RoleName(role));
  }
  return names;
}

}  // namespace assay::server
