// From a repository on a Hugging Face Hub to a folder on this machine.
#ifndef ASSAY_REGISTRY_HUB_DOWNLOADER_H_
#define ASSAY_REGISTRY_HUB_DOWNLOADER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "registry/hub/options.h"
#include "registry/hub/progress.h"

namespace assay::registry {

struct PullRequest {
  // "org/name".
  std::string repo;
  // Branch, tag or commit.
  std::string revision = "main";
  // The one file to fetch; empty = the whole model, as SelectFiles() says.
  std::string file;
};

struct PullResult {
  // The commit that the revision was.
  std::string commit;
  // snapshots/<commit> in the cache.
  std::string snapshot;
  // What was asked for: the snapshot, or the file in it.
  std::string path;
  // From the network; 0 where everything was there.
  int64_t bytes_fetched = 0;
  // Found on the disk; 0 too where the cache alone answered, without the Hub's sizes.
  int64_t bytes_present = 0;
};

// Pulls models into the cache that huggingface_hub shares. Thread-safe: pulls may run side by side,
// here and in other processes; each file is fetched by one of them.
class HubDownloader {
 public:
  // INVALID_ARGUMENT: an endpoint that is not an http(s) URL, a token with characters that no
  // header takes, no cache folder.
  static absl::StatusOr<HubDownloader> Create(HubOptions options);

  // Blocks until the files are in the cache, verified, linked into the snapshot, and
  // refs/<revision> says so; the weights are linked last, so that a snapshot that has them is
  // whole. A commit that is there whole needs no request, a branch one to the API. A pull that ends
  // early leaves nothing half-made but blobs/*.incomplete, where the next goes on.
  //
  // `progress` (may be empty) is called at most ten times a second, from several threads, never two
  // at a time, and must not block; `context` (may be empty) is asked at least once a second, from
  // several threads at a time, and ends the pull with CANCELLED.
  //
  // Errors name repository, revision and file and what to do:
  // INVALID_ARGUMENT a malformed repo, revision or file; NOT_FOUND no such repository, revision or
  // file; UNAUTHENTICATED, PERMISSION_DENIED (gated: accept the licence);
  // FAILED_PRECONDITION offline and not in the cache, no safetensors, TLS; RESOURCE_EXHAUSTED no
  // room on the disk; DATA_LOSS wrong hash, size or reply; UNAVAILABLE the Hub cannot be reached
  // after all tries; DEADLINE_EXCEEDED over the pull's time, or silence; CANCELLED.
  absl::StatusOr<PullResult> Pull(const PullRequest& request, ProgressCallback progress,
                                  CallContext context) const;

 private:
  explicit HubDownloader(HubOptions options) : options_(std::move(options)) {}

  HubOptions options_;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_DOWNLOADER_H_
