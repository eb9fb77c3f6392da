// One file from the Hub into the cache's blobs.
#include "registry/hub/blob_download.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/http/client.h"
#include "base/status_macros.h"
#include "registry/hub/answer_errors.h"
#include "registry/hub/cache/file_lock.h"
#include "registry/hub/cache/names.h"
#include "registry/hub/cache/partial_file.h"
#include "registry/hub/retry.h"

namespace assay::registry {
namespace {

constexpr absl::Duration kBetweenLockTries = absl::Milliseconds(100);
constexpr int kOk = 200;
constexpr int kPartialContent = 206;

// Takes one answer's bytes into the file, from where the file ends.
class FileSink : public http::BodySink {
 public:
  FileSink(PartialFile* file, const RemoteFile& remote, ProgressMeter* progress)
      : file_(file), remote_(remote), progress_(progress) {}

  absl::Status OnHead(const http::Response& head) override {
    if (file_->size() == 0) return OnWhole(head);
    if (head.status == kPartialContent) return OnRange(head);
    // The server knows no ranges: from the beginning then.
    progress_->AddKnown(-file_->size());
    RETURN_IF_ERROR(file_->Clear());
    return OnWhole(head);
  }

  absl::Status OnBytes(std::string_view bytes) override {
    RETURN_IF_ERROR(file_->Append(bytes));
    received_ = true;
    progress_->AddFetched(static_cast<int64_t>(bytes.size()));
    return absl::OkStatus();
  }

  bool received() const { return received_; }

 private:
  absl::Status OnWhole(const http::Response& head) {
    if (head.status != kOk) {
      return absl::DataLossError(
          absl::StrCat("asked for the whole file, the server answered ", head.status));
    }
    const std::string* length = head.Header("content-length");
    int64_t bytes = 0;
    if (length == nullptr || !absl::SimpleAtoi(*length, &bytes) || bytes == remote_.size) {
      return absl::OkStatus();
    }
    return absl::DataLossError(
        absl::StrCat("the server's file has ", bytes, " bytes, the Hub lists ", remote_.size));
  }

  absl::Status OnRange(const http::Response& head) {
    const std::string* range = head.Header("content-range");
    const std::string wanted =
        absl::StrCat("bytes ", file_->size(), "-", remote_.size - 1, "/", remote_.size);
    if (range != nullptr && *range == wanted) return absl::OkStatus();
    // Bytes from anywhere else would spoil the file; the next try asks for all of it.
    progress_->AddKnown(-file_->size());
    RETURN_IF_ERROR(file_->Clear());
    return Transient(absl::UnavailableError(
        absl::StrCat("asked for ", wanted, ", the server answered Content-Range ",
                     range == nullptr ? "nothing" : QuotedForMessage(*range))));
  }

  PartialFile* const file_;
  const RemoteFile& remote_;
  ProgressMeter* const progress_;
  bool received_ = false;
};

// Null where somebody else made the blob meanwhile.
absl::StatusOr<std::unique_ptr<FileLock>> LockBlob(const PullContext& pull,
                                                   const RemoteFile& file) {
  for (;;) {
    absl::StatusOr<std::unique_ptr<FileLock>> lock = FileLock::Try(pull.cache.LockPath(file.hash));
    if (!lock.ok()) return lock;
    if (pull.cache.HasBlob(file)) return nullptr;
    if (*lock != nullptr) return lock;
    pull.progress.SetStage(PullStage::kWaiting, file.name);
    RETURN_IF_ERROR(pull.control.Sleep(kBetweenLockTries));
  }
}

// One try, with what its end means for the next.
absl::Status FetchRest(const PullContext& pull, const RemoteFile& remote, HubClient* client,
                       PartialFile* file, bool* received) {
  FileSink sink(file, remote, &pull.progress);
  const int64_t offset = file->size();
  absl::Status status = client->Fetch(pull.repo, pull.commit, remote.name, offset, &sink);
  *received = sink.received();
  if (absl::IsOutOfRange(status) && offset > 0) {
    pull.progress.AddKnown(-file->size());
    RETURN_IF_ERROR(file->Clear());
    return Transient(absl::UnavailableError(status.message()));
  }
  if (!status.ok() || file->size() == remote.size) return status;
  return Transient(absl::UnavailableError(absl::StrCat(
      remote.name, ": the connection ended after ", file->size(), " of ", remote.size, " bytes")));
}

absl::Status FetchAll(const PullContext& pull, const RemoteFile& remote, HubClient* client,
                      PartialFile* file) {
  Retry retry(pull.options, pull.control);
  while (file->size() < remote.size) {
    pull.progress.SetStage(PullStage::kDownloading, remote.name);
    bool received = false;
    absl::Status status = FetchRest(pull, remote, client, file, &received);
    if (status.ok()) break;
    // Silent from its beginning: the limit for that has been reached.
    if (absl::IsDeadlineExceeded(status) && !received) return status;
    RETURN_IF_ERROR(retry.Wait(status, received));
  }
  return absl::OkStatus();
}

absl::Status WrongContent(const PullContext& pull, const RemoteFile& remote) {
  return absl::DataLossError(absl::StrCat(
      pull.repo, "@", pull.commit, ": ", remote.name,
      ": what the server sent does not have the hash that the Hub lists (", remote.hash,
      "); it was deleted. Pull again; if it stays so, the Hub or something between is damaged"));
}

absl::Status FetchVerified(const PullContext& pull, const RemoteFile& remote, HubClient* client,
                           PartialFile* file) {
  bool has_old_bytes = file->size() > 0;
  if (has_old_bytes) {
    pull.progress.SetStage(PullStage::kVerifying, remote.name);
    RETURN_IF_ERROR(file->HashExisting([&pull] { return pull.control.Check(); }));
    pull.progress.AddKnown(file->size());
  }
  for (;;) {
    RETURN_IF_ERROR(FetchAll(pull, remote, client, file));
    if (file->Verified()) return absl::OkStatus();
    pull.progress.AddKnown(-file->size());
    if (!has_old_bytes) break;
    has_old_bytes = false;
    RETURN_IF_ERROR(file->Clear());
  }
  file->Delete();
  return WrongContent(pull, remote);
}

}  // namespace

absl::Status DownloadBlob(const PullContext& pull, const RemoteFile& remote, HubClient* client) {
  ASSIGN_OR_RETURN(const std::unique_ptr<FileLock> lock, LockBlob(pull, remote));
  if (lock == nullptr) {
    pull.progress.AddKnown(remote.size);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::unique_ptr<PartialFile> file,
                   PartialFile::Open(pull.cache.IncompletePath(remote.hash), remote));
  RETURN_IF_ERROR(FetchVerified(pull, remote, client, file.get()));
  return file->MoveTo(pull.cache.BlobPath(remote.hash));
}

}  // namespace assay::registry
