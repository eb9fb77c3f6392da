// The roles that may call each method.
#ifndef ASSAY_SERVER_ACCESS_METHOD_ROLES_H_
#define ASSAY_SERVER_ACCESS_METHOD_ROLES_H_

#include <string_view>

#include "server/access/role.h"

namespace assay::server {

// Returns the roles of which a caller needs one. `method` is the full name without a leading slash.
// Administrators may call every method, and unknown methods are theirs alone.
// docs/SECURITY.md has the table.
Roles RolesOf(std::string_view method);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ACCESS_METHOD_ROLES_H_
