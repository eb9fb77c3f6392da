// What may stand in a repository's id, a revision and a file's name before it becomes part of a
// path.
#ifndef ASSAY_REGISTRY_HUB_CACHE_NAMES_H_
#define ASSAY_REGISTRY_HUB_CACHE_NAMES_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace assay::registry {

// "name" or "org/name" of letters, digits, '.', '_', '-', up to 96 characters, as the Hub has them.
// INVALID_ARGUMENT names the value, here and below.
absl::Status CheckRepoId(std::string_view repo);

// A branch, tag or commit: a relative path ("refs/pr/3" is one) without what git refuses in a name.
absl::Status CheckRevision(std::string_view revision);

// A relative path: no "..", ".", empty or overlong segment, backslash or control character.
absl::Status CheckFileName(std::string_view file);

// 40 lower-case hexadecimal digits.
bool IsCommitHash(std::string_view text);

// What a blob may be called: the sha1 that git gives a file, or the sha256 of an LFS file.
bool IsBlobHash(std::string_view text);

// `text` in quotes, control characters replaced, cut to 200 characters: for error messages about
// what a server said.
std::string QuotedForMessage(std::string_view text);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CACHE_NAMES_H_
