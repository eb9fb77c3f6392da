// Resolves the source of a catalog entry to a file on this machine.
#include "registry/catalog/source.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "registry/hub/cache/cache.h"
#include "registry/hub/cache/local_snapshot.h"

namespace assay::registry {
namespace {

namespace fs = std::filesystem;

absl::Status NotDownloaded(const HubSource& hub, const std::string& repo_folder,
                           std::string_view what = "is not in the Hub's cache") {
  const std::string separator = hub.file.empty() ? "" : ":";
  return absl::NotFoundError(absl::StrCat(
      "source: ", hub.repo, "@", hub.revision, separator, hub.file, " ", std::string(what), " at ",
      repo_folder, "; load the model, or download it with: hf download ", hub.repo,
      hub.file.empty() ? "" : " ", hub.file, " --revision ", hub.revision));
}

bool IsInside(const fs::path& path, const fs::path& folder) {
  const auto [end, ignored] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

absl::StatusOr<std::string> ResolveHub(const HubSource& hub, const std::string& hub_cache) {
  const HubCache cache(hub_cache, hub.repo);
  const absl::StatusOr<std::string> commit = cache.ReadRef(hub.revision);
  if (!commit.ok()) return NotDownloaded(hub, cache.folder());
  std::string path =
      hub.file.empty() ? cache.SnapshotFolder(*commit) : cache.SnapshotPath(*commit, hub.file);
  std::error_code error;
  if (!fs::exists(path, error)) return NotDownloaded(hub, cache.folder());
  // The root is the whole cache, because blobs may be links to hub_cache/blobs, which repositories
  // share (huggingface_hub 2.4, utils/_shared_blobs.py).
  if (absl::Status s = CheckLinks(path, hub_cache); !s.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("source: ", s.message(), "; delete it and download the repository again"));
  }
  switch (InspectSnapshot(cache, *commit, hub.file)) {
    case LocalState::kComplete:
      return path;
    case LocalState::kWithoutTokenizer:
      return NotDownloaded(hub, cache.folder(), "has no tokenizer in the Hub's cache");
    case LocalState::kIncomplete:
      break;
  }
  return NotDownloaded(hub, cache.folder(), "is not complete in the Hub's cache");
}

}  // namespace

absl::Status CheckLinks(const std::string& path, const std::string& root) {
  std::error_code error;
  const fs::path real_root = fs::canonical(root, error);
  const auto check = [&real_root](const fs::path& file) {
    std::error_code no_target;
    const fs::path real = fs::canonical(file, no_target);
    // A broken link is allowed here, because opening it fails anyway.
    if (no_target || IsInside(real, real_root)) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat(file.string(), " points out of ", real_root.string(), ", to ", real.string()));
  };
  absl::Status status = check(path);
  for (fs::directory_iterator it(path, error), end; status.ok() && !error && it != end;
       it.increment(error)) {
    status = check(it->path());
  }
  return status;
}

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
