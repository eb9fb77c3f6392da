// What to do for callers who give a repository's id where a model's belongs.
#ifndef ASSAY_SERVER_SERVICES_REPO_HINT_H_
#define ASSAY_SERVER_SERVICES_REPO_HINT_H_

#include <string>
#include <string_view>

#include "registry/catalog/catalog.h"

namespace assay::server {

// For "org/name", "org/name@revision", "org/name:file" or both, with the address of its page
// before it or not: the entry that has the repository, else the entry to put into the catalog. A
// server downloads what its catalog names and nothing else, whoever asks. Empty for other text.
std::string RepoHint(const registry::Catalog& catalog, std::string_view text);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_REPO_HINT_H_
