// Downloads one file from the Hub into the blobs of the cache.
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

constexpr absl::Duration kLockPollInterval = absl::Milliseconds(100);
constexpr int kOk = 200;
constexpr int kPartialContent = 206;

// Appends the body of one response to the file.
class FileSink : public http::BodySink {
 public:
  FileSink(PartialFile* file, const RemoteFile& remote, ProgressMeter* progress)
      : file_(file), remote_(remote), progress_(progress) {}

  absl::Status OnHead(const http::Response& head) override {
    if (file_->size() == 0) return OnWhole(head);
    if (head.status == kPartialContent) return OnRange(head);
    // The server does not support ranges, so the download starts from the beginning.
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
      return absl::DataLossError(absl::StrCat(
          "the whole file was requested, but the server returned status ", head.status));
    }
    const std::string* length = head.Header("content-length");
    int64_t bytes = 0;
    if (length == nullptr || !absl::SimpleAtoi(*length, &bytes) || bytes == remote_.size) {
      return absl::OkStatus();
    }
    return absl::DataLossError(absl::StrCat("the file on the server has ", bytes,
                                            " bytes, but the Hub lists ", remote_.size));
  }

  absl::Status OnRange(const http::Response& head) {
    const std::string* range = head.Header("content-range");
    const std::string expected =
        absl::StrCat("bytes ", file_->size(), "-", remote_.size - 1, "/", remote_.size);
    if (range != nullptr && *range == expected) return absl::OkStatus();
    // Bytes of another range would corrupt the file. The next try requests the whole file.
    progress_->AddKnown(-file_->size());
    RETURN_IF_ERROR(file_->Clear());
    return Transient(absl::UnavailableError(
        absl::StrCat("requested ", expected, ", but the server returned Content-Range ",
                     range == nullptr ? "nothing" : QuotedForMessage(*range))));
  }

  PartialFile* const file_;
  const RemoteFile& remote_;
  ProgressMeter* const progress_;
  bool received_ = false;
};

// Waits for the blob's lock. Returns null if another process or thread has created the blob
// meanwhile.
absl::StatusOr<std::unique_ptr<FileLock>> LockBlob(const PullContext& pull,
                                                   const RemoteFile& file) {
  for (;;) {
    absl::StatusOr<std::unique_ptr<FileLock>> lock = FileLock::Try(pull.cache.LockPath(file.hash));
    if (!lock.ok()) return lock;
    if (pull.cache.HasBlob(file)) return nullptr;
    if (*lock != nullptr) return lock;
    pull.progress.SetStage(PullStage::kWaiting, file.name);
    RETURN_IF_ERROR(pull.control.Sleep(kLockPollInterval));
  }
}

// Makes one attempt to download the rest of the file. An error is transient if another attempt may
// succeed.
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
    // No byte was received on this connection, so another one would only wait again.
    if (absl::IsDeadlineExceeded(status) && !received) return status;
    RETURN_IF_ERROR(retry.Wait(status, received));
  }
  return absl::OkStatus();
}

absl::Status WrongContent(const PullContext& pull, const RemoteFile& remote) {
  return absl::DataLossError(absl::StrCat(
      pull.repo, "@", pull.commit, ": ", remote.name,
      ": the downloaded file does not have the hash that the Hub lists (", remote.hash,
      ") and was deleted. Pull again; if the error persists, the file is damaged on the Hub or on "
      "the way"));
}

absl::Status FetchVerified(const PullContext& pull, const RemoteFile& remote, HubClient* client,
                           PartialFile* file) {
  bool resumed = file->size() > 0;
  if (resumed) {
    pull.progress.SetStage(PullStage::kVerifying, remote.name);
    RETURN_IF_ERROR(file->HashExisting([&pull] { return pull.control.Check(); }));
    pull.progress.AddKnown(file->size());
  }
  for (;;) {
    RETURN_IF_ERROR(FetchAll(pull, remote, client, file));
    if (file->Verify()) return absl::OkStatus();
    pull.progress.AddKnown(-file->size());
    if (!resumed) break;
    resumed = false;
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
