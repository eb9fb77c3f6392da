// Finds out whether a disk has room.
#include "base/disk_room.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay {
namespace {

absl::Status NoRoom(const std::string& folder, const std::string& why) {
  return absl::ResourceExhaustedError(
      absl::StrCat(folder, ": ", why, FreeSpaceNote(folder), "; free some space on that disk"));
}

}  // namespace

std::string FreeSpaceNote(const std::string& path) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(path, error);
  if (error) return "";
  return absl::StrCat("; ", space.available, " bytes of its disk are free");
}

absl::Status CheckFreeSpace(const std::string& folder) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(folder, error);
  if (error || space.available >= static_cast<uintmax_t>(kLeastRoomBytes)) return absl::OkStatus();
  return NoRoom(folder, "the disk is full");
}

absl::Status ProbeRoom(const std::string& folder) {
  RETURN_IF_ERROR(CheckFreeSpace(folder));
  const std::string path = folder + "/room_probe";
  const int file = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return NoRoom(folder, absl::StrCat("no file can be created: ", strerror(errno)));
  const absl::Cleanup remove = [file, &path] {
    close(file);
    unlink(path.c_str());
  };
  const std::string block(size_t{64} << 10, '\0');
  for (int64_t written = 0; written < kLeastRoomBytes;) {
    const ssize_t count = write(file, block.data(), block.size());
    if (count <= 0) {
      return NoRoom(folder, absl::StrCat("nothing can be written: ", strerror(errno)));
    }
    written += count;
  }
  return absl::OkStatus();
}

}  // namespace assay
