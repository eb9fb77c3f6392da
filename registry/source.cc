// From a catalog entry to a file on this machine.
#include "registry/source.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace assay::registry {
namespace {

namespace fs = std::filesystem;

constexpr size_t kCommitDigits = 40;

bool IsCommit(std::string_view revision) {
  return revision.size() == kCommitDigits &&
         std::all_of(revision.begin(), revision.end(), absl::ascii_isxdigit);
}

absl::Status NotDownloaded(const HubSource& hub, const fs::path& repo_folder) {
  const std::string separator = hub.file.empty() ? "" : ":";
  return absl::NotFoundError(
      absl::StrCat("source: ", hub.repo, "@", hub.revision, separator, hub.file,
                   " is not in the Hub's cache at ", repo_folder.string(),
                   "; load the model, or download it with: hf download ", hub.repo,
                   hub.file.empty() ? "" : " ", hub.file, " --revision ", hub.revision));
}

// The commit of a revision; empty if the cache does not know it.
std::string Commit(const fs::path& repo_folder, const std::string& revision) {
  if (IsCommit(revision)) return revision;
  std::ifstream ref(repo_folder / "refs" / revision);
  std::string commit(kCommitDigits, '\0');
  ref.read(commit.data(), kCommitDigits);
  return ref.gcount() == kCommitDigits && IsCommit(commit) ? commit : "";
}

bool IsInside(const fs::path& path, const fs::path& folder) {
  const auto [end, ignored] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

// A download that broke off has left the small files.
bool HasWeights(const fs::path& snapshot) {
  std::error_code error;
  for (fs::directory_iterator it(snapshot, error), end; !error && it != end; it.increment(error)) {
    const fs::path extension = it->path().extension();
    if (extension == ".safetensors" || extension == ".bin" || extension == ".gguf") return true;
  }
  return false;
}

absl::StatusOr<std::string> ResolveHub(const HubSource& hub, const std::string& hub_cache) {
  const fs::path repo_folder =
      fs::path(hub_cache) / absl::StrCat("models--", absl::StrReplaceAll(hub.repo, {{"/", "--"}}));
  const std::string commit = Commit(repo_folder, hub.revision);
  if (commit.empty()) return NotDownloaded(hub, repo_folder);
  const fs::path snapshot = repo_folder / "snapshots" / commit;
  const fs::path file = hub.file.empty() ? snapshot : snapshot / hub.file;
  std::error_code error;
  if (!fs::exists(file, error)) return NotDownloaded(hub, repo_folder);
  if (hub.file.empty() && !HasWeights(snapshot)) return NotDownloaded(hub, repo_folder);
  const fs::path real = fs::canonical(file, error);
  // Not only the repository: blobs may be links into hub_cache/blobs, which repositories share
  // (huggingface_hub 2.4, utils/_shared_blobs.py).
  const fs::path root = fs::canonical(hub_cache, error);
  if (!IsInside(real, root)) {
    return absl::FailedPreconditionError(
        absl::StrCat("source: ", file.string(), " leads out of the cache, to ", real.string(),
                     "; delete it and download the repository again"));
  }
  return file.string();
}

}  // namespace

absl::StatusOr<std::string> ResolveSource(const ModelEntry& entry, const std::string& hub_cache) {
  std::error_code error;
  absl::StatusOr<std::string> path = entry.path;
  if (entry.hub.has_value()) {
    path = ResolveHub(*entry.hub, hub_cache);
    if (!path.ok()) return path;
  } else if (!fs::exists(entry.path, error)) {
    return absl::NotFoundError(
        absl::StrCat("source: no file at ", entry.path, "; correct source.file in the catalog"));
  }
  const bool folder = fs::is_directory(*path, error);
  if ((entry.format == "gguf" && folder) || (entry.format == "safetensors" && !folder)) {
    return absl::InvalidArgumentError(absl::StrCat("format: is ", entry.format, ", but ", *path,
                                                   " is a ", folder ? "folder" : "file",
                                                   "; correct the catalog"));
  }
  return path;
}

}  // namespace assay::registry
