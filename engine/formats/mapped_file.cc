// Maps files into memory.
#include "engine/formats/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/status_macros.h"

namespace assay::engine {
namespace {

absl::Status OpenError(const std::string& path, int error) {
  const std::string message = absl::StrCat(path, ": cannot be opened: ", std::strerror(error));
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(message);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(message);
  return absl::FailedPreconditionError(message);
}

// Closes the descriptor on destruction unless it was released.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// True for the pointer that `git clone` writes instead of a large file if git-lfs is not installed.
// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
bool IsLfsPointer(absl::Span<const std::byte> bytes) {
  constexpr std::string_view kFirstLine = "version https://git-lfs.github.com/spec/";
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())
      .starts_with(kFirstLine);
}

absl::Time TimeOfLastWrite(const struct stat& info) {
#ifdef __APPLE__
  return absl::TimeFromTimespec(info.st_mtimespec);
#else
  return absl::TimeFromTimespec(info.st_mtim);
#endif
}

absl::Status SizeError(int error) {
  return absl::DataLossError(
      absl::StrCat("the size of the file cannot be read: ", std::strerror(error)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<MappedFile>> MappedFile::Open(const std::string& path) {
  // O_NONBLOCK: opening a named pipe without a writer must not block.
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return OpenError(path, errno);
  struct stat info = {};
  if (fstat(file.get(), &info) != 0) return OpenError(path, errno);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is not a file"));
  }
  if (info.st_size == 0) return absl::InvalidArgumentError(absl::StrCat(path, ": is empty"));
  const auto size = static_cast<size_t>(info.st_size);
  void* address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) return OpenError(path, errno);
  auto mapped = std::unique_ptr<MappedFile>(
      new MappedFile(absl::MakeConstSpan(static_cast<const std::byte*>(address), size),
                     file.Release(), TimeOfLastWrite(info)));
  if (!IsLfsPointer(mapped->bytes())) return mapped;
  return absl::DataLossError(absl::StrCat(
      path, ": is a Git LFS pointer of ", size,
      " bytes, not the file itself; run `git lfs pull` in its repository, or download the model "
      "with `assay pull`"));
}

MappedFile::~MappedFile() {
  munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  close(descriptor_);
}

absl::Status MappedFile::Damaged(int64_t size) const {
  if (size < static_cast<int64_t>(bytes_.size())) {
    return absl::DataLossError(absl::StrCat("the file was cut from ", bytes_.size(), " to ", size,
                                            " bytes since it was opened"));
  }
  return absl::DataLossError(
      "the file was changed, or could not be read, since it was opened; try again, and check the "
      "disk if that fails");
}

absl::Status MappedFile::CheckPresent(absl::Span<const std::byte> range) const {
  const auto end = range.data() + range.size() - bytes_.data();
  struct stat info = {};
  if (fstat(descriptor_, &info) != 0) return SizeError(errno);
  if (info.st_size < end || guard_.is_damaged()) return Damaged(info.st_size);
  return absl::OkStatus();
}

absl::Status MappedFile::CheckUnchanged() const {
  RETURN_IF_ERROR(CheckPresent(bytes_));
  struct stat info = {};
  if (fstat(descriptor_, &info) != 0) return SizeError(errno);
  return TimeOfLastWrite(info) == modified_ ? absl::OkStatus() : Damaged(info.st_size);
}

void MappedFile::Release(absl::Span<const std::byte> range) const {
  // The mapping begins at a page boundary.
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const auto begin = static_cast<size_t>(range.data() - bytes_.data());
  const size_t first = (begin + page - 1) / page * page;
  const size_t last = (begin + range.size()) / page * page;
  if (first >= last) return;
  madvise(const_cast<std::byte*>(bytes_.data()) + first, last - first, MADV_DONTNEED);
}

}  // namespace assay::engine
