// A partially downloaded file in the cache.
#include "registry/hub/cache/partial_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/whole_file.h"

namespace assay::registry {
namespace {

constexpr mode_t kFileMode = 0666;
constexpr int64_t kPieceBytes = 1 << 20;

}  // namespace

PartialFile::PartialFile(int fd, std::string path, const RemoteFile& remote, int64_t size)
    : fd_(fd),
      path_(std::move(path)),
      remote_(remote),
      size_(size),
      hash_(remote.hash, remote.size) {}

PartialFile::~PartialFile() { close(fd_); }

absl::StatusOr<std::unique_ptr<PartialFile>> PartialFile::Open(const std::string& path,
                                                               const RemoteFile& remote) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot open"));
  struct stat info;
  const bool regular = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  std::unique_ptr<PartialFile> file(new PartialFile(fd, path, remote, regular ? info.st_size : 0));
  if (!regular) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": not a regular file; delete it"));
  }
  return file;
}

absl::Status PartialFile::WriteError(int error) const {
  const std::string what = absl::StrCat(remote_.name, ": ", remote_.size - size_, " of ",
                                        remote_.size, " bytes could not be written to ", path_);
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    return absl::ResourceExhaustedError(
        absl::StrCat(what, ": the disk is full (", strerror(error),
                     "). Free disk space and pull again; the download continues where it stopped"));
  }
  return absl::ErrnoToStatus(error, what);
}

absl::Status PartialFile::HashExisting(const std::function<absl::Status()>& check) {
  if (size_ > remote_.size) return Clear();
  const auto piece = std::make_unique<char[]>(kPieceBytes);
  int64_t offset = 0;
  while (offset < size_) {
    RETURN_IF_ERROR(check());
    const int64_t bytes = std::min(kPieceBytes, size_ - offset);
    const ssize_t got = pread(fd_, piece.get(), static_cast<size_t>(bytes), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return absl::ErrnoToStatus(got < 0 ? errno : EIO, path_);
    hash_.Update({piece.get(), static_cast<size_t>(got)});
    offset += got;
  }
  return absl::OkStatus();
}

absl::Status PartialFile::Clear() {
  hash_.Reset();
  size_ = 0;
  if (ftruncate(fd_, 0) != 0) return absl::ErrnoToStatus(errno, path_);
  return absl::OkStatus();
}

absl::Status PartialFile::Append(std::string_view bytes) {
  if (static_cast<int64_t>(bytes.size()) > remote_.size - size_) {
    return absl::DataLossError(absl::StrCat(remote_.name, ": the server sent more than the ",
                                            remote_.size, " bytes that the Hub lists"));
  }
  while (!bytes.empty()) {
    const ssize_t written = pwrite(fd_, bytes.data(), bytes.size(), size_);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return WriteError(written < 0 ? errno : ENOSPC);
    hash_.Update(bytes.substr(0, static_cast<size_t>(written)));
    size_ += written;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

bool PartialFile::Verify() { return size_ == remote_.size && hash_.Digest() == remote_.hash; }

absl::Status PartialFile::MoveTo(const std::string& blob_path) {
  // Some file systems report a full disk only here.
  if (fsync(fd_) != 0) return WriteError(errno);
  if (std::rename(path_.c_str(), blob_path.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat(path_, ": cannot rename to ", blob_path));
  }
  return SyncFolder(std::filesystem::path(blob_path).parent_path().string());
}

void PartialFile::Delete() { unlink(path_.c_str()); }

}  // namespace assay::registry
