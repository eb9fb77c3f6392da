// Downloads models from a Hugging Face Hub to this machine.
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

// A request to download a model.
struct PullRequest {
  // "org/name".
  std::string repo;
  // A branch, tag or commit.
  std::string revision = "main";
  // The file to download; empty = the whole model, as SelectFiles() defines it.
  std::string file;
};

// The result of a pull.
struct PullResult {
  // The commit of the revision.
  std::string commit;
  // snapshots/<commit> in the cache.
  std::string snapshot;
  // The path of what was requested: the snapshot, or the file in it.
  std::string path;
  // The bytes from the network; 0 if everything was in the cache.
  int64_t bytes_fetched = 0;
  // The bytes that were in the cache. 0 if the Hub was not contacted, because only its listing has
  // the sizes.
  int64_t bytes_present = 0;
};

// Downloads models into the cache that is shared with huggingface_hub. Thread-safe: several pulls
// may run at the same time, also in other processes. Each file is downloaded by only one of them.
class HubDownloader {
 public:
  // Returns INVALID_ARGUMENT if the endpoint is not an http(s) URL, the token has characters that a
  // header must not contain, or there is no cache folder.
  static absl::StatusOr<HubDownloader> Create(HubOptions options);

  // Blocks until the files are verified and linked into the snapshot, and refs/<revision> points to
  // it. The weights are linked last, so that a snapshot with weights is complete. A complete commit
  // in the cache needs no request, a complete branch one request to the API. A pull that ends early
  // leaves only blobs/*.incomplete, where the next pull continues.
  //
  // `progress` may be null. It is called at most ten times a second, from several threads but one
  // call at a time, and must not block. `context` is polled at least once a second, from several
  // threads at the same time.
  //
  // Errors. The messages name repository, revision and file, and say what to do:
  //   INVALID_ARGUMENT     repo, revision or file is malformed.
  //   NOT_FOUND            there is no such repository, revision or file.
  //   UNAUTHENTICATED      a token is missing or was refused.
  //   PERMISSION_DENIED    the repository is gated (its license must be accepted), or the token has
  //                        no access.
  //   FAILED_PRECONDITION  offline and not in the cache; no safetensors; a certificate is not
  //                        trusted.
  //   RESOURCE_EXHAUSTED   the disk is full.
  //   DATA_LOSS            a hash, a size or a reply is wrong.
  //   UNAVAILABLE          the Hub cannot be reached after all retries.
  //   DEADLINE_EXCEEDED    the time limit of the pull has passed, or a connection stalled.
  //   CANCELLED            `context` has ended.
  absl::StatusOr<PullResult> Pull(const PullRequest& request, ProgressCallback progress,
                                  CallContext context) const;

 private:
  explicit HubDownloader(HubOptions options) : options_(std::move(options)) {}

  HubOptions options_;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_DOWNLOADER_H_
