// The implementation of HubDownloader::Pull().
#include "registry/hub/pull.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/call_context.h"
#include "base/status_macros.h"
#include "registry/hub/answer_errors.h"
#include "registry/hub/blob_download.h"
#include "registry/hub/cache/local_snapshot.h"
#include "registry/hub/cache/names.h"
#include "registry/hub/cache/selection.h"
#include "registry/hub/disk_space.h"
#include "registry/hub/retry.h"

namespace assay::registry {
namespace {

// Calls `once` until it succeeds or Retry gives up.
template <typename Result>
absl::StatusOr<Result> Retried(const HubOptions& options, const PullControl& control,
                               const std::function<absl::StatusOr<Result>()>& once) {
  Retry retry(options, control);
  for (;;) {
    absl::StatusOr<Result> result = once();
    // A stalled connection has already waited as long as allowed.
    if (result.ok() || absl::IsDeadlineExceeded(result.status())) return result;
    RETURN_IF_ERROR(retry.Wait(result.status(), /*progressed=*/false));
  }
}

}  // namespace

Pull::Pull(const HubOptions& options, PullRequest request, ProgressCallback progress,
           CallContext context)
    : options_(options),
      request_(std::move(request)),
      cache_(options.cache_folder, request_.repo),
      progress_(std::move(progress)),
      control_(options.timeout, std::move(context), [this] { progress_.Tick(); }) {}

std::string Pull::Name() const {
  return absl::StrCat(request_.repo, "@", request_.revision, request_.file.empty() ? "" : ":",
                      request_.file);
}

PullResult Pull::Result(const std::string& commit) const {
  PullResult result{.commit = commit,
                    .snapshot = cache_.SnapshotFolder(commit),
                    .bytes_fetched = progress_.fetched(),
                    .bytes_present = progress_.known()};
  result.path =
      request_.file.empty() ? result.snapshot : cache_.SnapshotPath(commit, request_.file);
  return result;
}

absl::StatusOr<PullResult> Pull::Run() {
  if (options_.offline || IsCommitHash(request_.revision)) {
    absl::StatusOr<PullResult> cached = FromCache();
    if (cached.ok()) progress_.Finish();
    if (cached.ok() || options_.offline) return cached;
  }
  return FromHub();
}

absl::StatusOr<PullResult> Pull::FromCache() {
  const absl::StatusOr<std::string> commit = cache_.ReadRef(request_.revision);
  const LocalState state =
      commit.ok() ? InspectSnapshot(cache_, *commit, request_.file) : LocalState::kIncomplete;
  // Only the Hub knows if the model has a tokenizer.
  const bool enough = state == LocalState::kComplete ||
                      (state == LocalState::kWithoutTokenizer && options_.offline);
  if (enough) return Result(*commit);
  return absl::FailedPreconditionError(absl::StrCat(
      Name(), ": is not complete in the cache at ", cache_.folder(),
      ", and HF_HUB_OFFLINE forbids requests to the Hub; unset it, or copy a complete cache here"));
}

absl::StatusOr<PullResult> Pull::FromHub() {
  HubClient client(options_, control_);
  progress_.SetStage(PullStage::kListing, "");
  ASSIGN_OR_RETURN(RepoListing listing, Describe(&client));
  ASSIGN_OR_RETURN(std::vector<RemoteFile> files, Select(listing, &client));
  RETURN_IF_ERROR(Fetch(listing.commit, files));
  progress_.Finish();
  return Result(listing.commit);
}

absl::StatusOr<RepoListing> Pull::Describe(HubClient* client) {
  return Retried<RepoListing>(options_, control_, [this, client] {
    return client->Describe(request_.repo, request_.revision);
  });
}

absl::StatusOr<std::vector<RemoteFile>> Pull::Select(const RepoListing& listing,
                                                     HubClient* client) {
  absl::StatusOr<std::vector<RemoteFile>> files = SelectFiles(listing, request_.file);
  if (!files.ok()) {
    return Annotate(files.status(), absl::StrCat(request_.repo, "@", request_.revision));
  }
  for (RemoteFile& file : *files) {
    if (file.complete()) continue;
    ASSIGN_OR_RETURN(RemoteFile described,
                     Retried<RemoteFile>(options_, control_, [this, client, &listing, &file] {
                       return client->DescribeFile(request_.repo, listing.commit, file.name);
                     }));
    file = std::move(described);
  }
  return files;
}

absl::Status Pull::Fetch(const std::string& commit, const std::vector<RemoteFile>& files) {
  const std::vector<RemoteFile> missing = MissingBlobs(commit, files);
  const bool complete = std::all_of(files.begin(), files.end(), [&](const RemoteFile& file) {
    return cache_.HasSnapshotFile(commit, file);
  });
  if (complete) {
    // The cache may be read-only, which is no error here.
    (void)cache_.WriteRef(request_.revision, commit);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(cache_.Prepare());
  int64_t needed_bytes = 0;
  for (const RemoteFile& file : missing) needed_bytes += file.size - cache_.IncompleteBytes(file);
  RETURN_IF_ERROR(Annotate(CheckDiskSpace(options_, cache_.folder(), needed_bytes), Name()));
  RETURN_IF_ERROR(DownloadAll(commit, missing));
  RETURN_IF_ERROR(LinkAll(commit, files));
  return cache_.WriteRef(request_.revision, commit);
}

std::vector<RemoteFile> Pull::MissingBlobs(const std::string& commit,
                                           const std::vector<RemoteFile>& files) {
  std::vector<RemoteFile> missing;
  absl::flat_hash_set<std::string> seen;
  int64_t total = 0;
  int64_t known = 0;
  for (const RemoteFile& file : files) {
    if (!seen.insert(file.hash).second) continue;
    total += file.size;
    if (cache_.HasBlob(file) || cache_.HasSnapshotFile(commit, file)) {
      known += file.size;
    } else {
      missing.push_back(file);
    }
  }
  progress_.SetTotals(total, static_cast<int>(seen.size()));
  progress_.AddKnown(known);
  for (size_t i = missing.size(); i < seen.size(); ++i) progress_.FileDone();
  std::sort(missing.begin(), missing.end(),
            [](const RemoteFile& a, const RemoteFile& b) { return a.size > b.size; });
  return missing;
}

absl::Status Pull::DownloadAll(const std::string& commit, const std::vector<RemoteFile>& blobs) {
  const PullContext context{.options = options_,
                            .cache = cache_,
                            .control = control_,
                            .progress = progress_,
                            .repo = request_.repo,
                            .commit = commit};
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    HubClient client(options_, control_);
    for (size_t i = next++; i < blobs.size() && control_.failure().ok(); i = next++) {
      const absl::Status downloaded = DownloadBlob(context, blobs[i], &client);
      if (!downloaded.ok()) return control_.Fail(downloaded);
      progress_.FileDone();
    }
  };
  std::vector<std::thread> threads;
  const size_t count = std::min(blobs.size(), static_cast<size_t>(options_.parallel_files));
  threads.reserve(count);
  for (size_t i = 0; i < count; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  return control_.failure();
}

absl::Status Pull::LinkAll(const std::string& commit, const std::vector<RemoteFile>& files) {
  std::vector<RemoteFile> ordered = files;
  // The order is configuration, weights, index. The index is last because it lists the weights.
  const auto rank = [](const RemoteFile& file) {
    return IsConfiguration(file.name) ? 0 : file.name == kWeightsIndex ? 2 : 1;
  };
  std::stable_sort(ordered.begin(), ordered.end(),
                   [&rank](const RemoteFile& a, const RemoteFile& b) { return rank(a) < rank(b); });
  for (const RemoteFile& file : ordered) {
    // On file systems without links, the snapshot has the file itself and there may be no blob.
    if (cache_.HasSnapshotFile(commit, file)) continue;
    RETURN_IF_ERROR(cache_.Link(commit, file));
  }
  return absl::OkStatus();
}

}  // namespace assay::registry
