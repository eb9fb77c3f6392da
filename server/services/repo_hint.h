// Helps callers who give the id of a repository instead of a model's.
#ifndef ASSAY_SERVER_SERVICES_REPO_HINT_H_
#define ASSAY_SERVER_SERVICES_REPO_HINT_H_

#include <string>
#include <string_view>

#include "registry/catalog/catalog.h"

namespace assay::server {

// Returns a hint for "org/name" with an optional "@revision" and ":file", and optionally the
// address of its page before it: the id of the entry that has the repository, else the entry to add
// to the catalog. The server downloads only what its catalog names. Returns an empty text for other
// text.
std::string RepoHint(const registry::Catalog& catalog, std::string_view text);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_REPO_HINT_H_
