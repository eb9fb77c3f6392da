// The part of the cache of huggingface_hub that belongs to one repository.
#include "registry/hub/cache/cache.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status_macros.h"
#include "base/whole_file.h"
#include "registry/hub/cache/names.h"

namespace assay::registry {
namespace {

namespace fs = std::filesystem;

constexpr size_t kCommitDigits = 40;
constexpr mode_t kFileMode = 0666;

// Backup programs skip a folder with this tag (https://bford.info/cachedir/).
constexpr char kCacheTag[] =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This folder is a cache of files from a Hugging Face Hub.\n";

absl::Status MakeFolders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(error.value(),
                             absl::StrCat(path.string(), ": cannot create the folder"));
}

// Returns an unused name in the folder of `path`.
std::string TemporaryPath(const std::string& path) {
  absl::BitGen random;
  return absl::StrCat(path, ".", absl::Hex(absl::Uniform<uint32_t>(random), absl::kZeroPad8),
                      ".tmp");
}

absl::Status Rename(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  const int error = errno;
  unlink(from.c_str());
  return absl::ErrnoToStatus(error, to);
}

// Returns the size of a regular file, with links resolved, or -1 if there is none.
int64_t FileSize(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return -1;
  const uintmax_t size = fs::file_size(path, error);
  return error ? -1 : static_cast<int64_t>(size);
}

}  // namespace

HubCache::HubCache(const std::string& cache_folder, const std::string& repo)
    : cache_folder_(cache_folder),
      name_(absl::StrCat("models--", absl::StrReplaceAll(repo, {{"/", "--"}}))),
      folder_((fs::path(cache_folder) / name_).string()) {}

std::string HubCache::BlobPath(const std::string& hash) const {
  return absl::StrCat(folder_, "/blobs/", hash);
}

std::string HubCache::IncompletePath(const std::string& hash) const {
  return absl::StrCat(BlobPath(hash), ".incomplete");
}

std::string HubCache::LockPath(const std::string& hash) const {
  return absl::StrCat(cache_folder_, "/.locks/", name_, "/", hash, ".lock");
}

std::string HubCache::SnapshotFolder(const std::string& commit) const {
  return absl::StrCat(folder_, "/snapshots/", commit);
}

std::string HubCache::SnapshotPath(const std::string& commit, const std::string& file) const {
  return absl::StrCat(SnapshotFolder(commit), "/", file);
}

absl::Status HubCache::Prepare() const {
  for (const fs::path& path :
       {fs::path(folder_) / "blobs", fs::path(folder_) / "snapshots", fs::path(folder_) / "refs",
        fs::path(cache_folder_) / ".locks" / name_}) {
    RETURN_IF_ERROR(MakeFolders(path));
  }
  const fs::path tag = fs::path(cache_folder_) / "CACHEDIR.TAG";
  std::error_code error;
  if (!fs::exists(tag, error)) std::ofstream(tag) << kCacheTag;
  return absl::OkStatus();
}

bool HubCache::HasBlob(const RemoteFile& file) const {
  return FileSize(BlobPath(file.hash)) == file.size;
}

bool HubCache::HasSnapshotFile(const std::string& commit, const RemoteFile& file) const {
  return FileSize(SnapshotPath(commit, file.name)) == file.size;
}

int64_t HubCache::IncompleteBytes(const RemoteFile& file) const {
  const int64_t size = FileSize(IncompletePath(file.hash));
  return size < 0 || size > file.size ? 0 : size;
}

absl::Status HubCache::Link(const std::string& commit, const RemoteFile& file) const {
  const std::string path = SnapshotPath(commit, file.name);
  const fs::path parent = fs::path(path).parent_path();
  RETURN_IF_ERROR(MakeFolders(parent));
  const std::string target = fs::path(BlobPath(file.hash)).lexically_relative(parent).string();
  std::error_code error;
  if (fs::is_symlink(path, error) && fs::read_symlink(path, error) == target) {
    return absl::OkStatus();
  }
  const std::string temporary = TemporaryPath(path);
  fs::create_symlink(target, temporary, error);
  if (error) return absl::ErrnoToStatus(error.value(), temporary);
  RETURN_IF_ERROR(Rename(temporary, path));
  return SyncFolder(parent.string());
}

absl::StatusOr<std::string> HubCache::ReadRef(const std::string& revision) const {
  if (IsCommitHash(revision)) return revision;
  const std::string path = absl::StrCat(folder_, "/refs/", revision);
  std::ifstream file(path);
  std::string commit(kCommitDigits, '\0');
  file.read(commit.data(), kCommitDigits);
  if (file.gcount() == kCommitDigits && IsCommitHash(commit)) return commit;
  return absl::NotFoundError(absl::StrCat(path, ": does not contain a commit"));
}

absl::Status HubCache::WriteRef(const std::string& revision, const std::string& commit) const {
  if (revision == commit) return absl::OkStatus();
  const absl::StatusOr<std::string> known = ReadRef(revision);
  if (known.ok() && *known == commit) return absl::OkStatus();
  const std::string path = absl::StrCat(folder_, "/refs/", revision);
  const std::string parent = fs::path(path).parent_path().string();
  RETURN_IF_ERROR(MakeFolders(parent));
  return WriteWholeFile(path, commit, kFileMode);
}

}  // namespace assay::registry
