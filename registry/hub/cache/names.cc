// Checks of names from outside before they become part of a path.
#include "registry/hub/cache/names.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace assay::registry {
namespace {

constexpr size_t kMaxRepoId = 96;
constexpr size_t kMaxRevision = 255;
constexpr size_t kMaxFileName = 1024;
// The limit of file systems (255) minus room for the suffixes of temporary files.
constexpr size_t kMaxSegment = 200;
constexpr size_t kMaxQuoted = 200;
constexpr size_t kSha1Digits = 40;
constexpr size_t kSha256Digits = 64;

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

absl::Status InvalidName(std::string_view what, std::string_view value, std::string_view rule) {
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(what), ": ", QuotedForMessage(value), " ", std::string(rule)));
}

// Returns the error in a relative path; empty if there is none.
std::string PathFault(std::string_view path, size_t max_size) {
  if (path.empty()) return "is empty";
  if (path.size() > max_size) return absl::StrCat("is longer than ", max_size, " characters");
  for (const char c : path) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c)) || c == '\\') {
      return "has a control character or a backslash";
    }
  }
  const std::vector<std::string> segments = absl::StrSplit(std::string(path), '/');
  for (const std::string& segment : segments) {
    if (segment.empty()) return "has an empty part (it must be relative, without '//')";
    if (segment == "." || segment == "..") return "has a part '.' or '..'";
    if (segment.size() > kMaxSegment) {
      return absl::StrCat("has a part longer than ", kMaxSegment, " characters");
    }
  }
  return "";
}

bool IsRepoNamePart(std::string_view part) {
  if (part.empty() || !absl::ascii_isalnum(part.front()) || part.back() == '.' ||
      part.back() == '-' || absl::StrContains(std::string(part), "--") ||
      absl::StrContains(std::string(part), "..")) {
    return part.starts_with('_') && part.size() > 1 && IsRepoNamePart(part.substr(1));
  }
  return std::all_of(part.begin(), part.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace

absl::Status CheckRepoId(std::string_view repo) {
  const size_t slash = repo.find('/');
  const bool fits = repo.size() <= kMaxRepoId &&
                    (slash == std::string_view::npos ? IsRepoNamePart(repo)
                                                     : IsRepoNamePart(repo.substr(0, slash)) &&
                                                           IsRepoNamePart(repo.substr(slash + 1)));
  if (fits) return absl::OkStatus();
  return InvalidName(
      "repo", repo,
      "is not a repository id: org/name of letters, digits, '.', '_' and '-', without "
      "'..' and '--'");
}

absl::Status CheckRevision(std::string_view revision) {
  if (const std::string fault = PathFault(revision, kMaxRevision); !fault.empty()) {
    return InvalidName("revision", revision, fault);
  }
  constexpr std::string_view kRefusedByGit = " ~^:?*[";
  if (revision.find_first_of(kRefusedByGit) != std::string_view::npos ||
      absl::StrContains(std::string(revision), "..")) {
    return InvalidName("revision", revision,
                       "is not a branch, tag or commit: git does not allow such a name");
  }
  return absl::OkStatus();
}

absl::Status CheckFileName(std::string_view file) {
  const std::string fault = PathFault(file, kMaxFileName);
  return fault.empty() ? absl::OkStatus() : InvalidName("file", file, fault);
}

bool IsCommitHash(std::string_view text) { return text.size() == kSha1Digits && IsLowerHex(text); }

bool IsBlobHash(std::string_view text) {
  return (text.size() == kSha1Digits || text.size() == kSha256Digits) && IsLowerHex(text);
}

std::string QuotedForMessage(std::string_view text) {
  std::string result = "'";
  for (const char c : text.substr(0, kMaxQuoted)) {
    result += absl::ascii_iscntrl(static_cast<unsigned char>(c)) ? '?' : c;
  }
  return result + (text.size() > kMaxQuoted ? "...'" : "'");
}

}  // namespace assay::registry
