// Checks of names from outside before they become part of a path: repository ids, revisions and
// file names.
#ifndef ASSAY_REGISTRY_HUB_CACHE_NAMES_H_
#define ASSAY_REGISTRY_HUB_CACHE_NAMES_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace assay::registry {

// Accepts "name" or "org/name" of letters, digits, '.', '_' and '-', up to 96 characters, as on the
// Hub. Like the functions below, returns INVALID_ARGUMENT with the value otherwise.
absl::Status CheckRepoId(std::string_view repo);

// Accepts a branch, tag or commit: a relative path such as "refs/pr/3" without the characters that
// git forbids in names.
absl::Status CheckRevision(std::string_view revision);

// Accepts a relative path without backslashes, control characters, and segments that are "..", ".",
// empty or too long.
absl::Status CheckFileName(std::string_view file);

// Returns true if `text` is 40 lower-case hexadecimal digits.
bool IsCommitHash(std::string_view text);

// Returns true if `text` can be the name of a blob: the sha1 of a git file or the sha256 of an LFS
// file.
bool IsBlobHash(std::string_view text);

// Returns `text` in quotes, cut to 200 characters and with control characters replaced, for error
// messages about the reply of a server.
std::string QuotedForMessage(std::string_view text);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CACHE_NAMES_H_
