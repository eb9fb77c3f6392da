// One file from the Hub into the cache's blobs.
#ifndef ASSAY_REGISTRY_HUB_BLOB_DOWNLOAD_H_
#define ASSAY_REGISTRY_HUB_BLOB_DOWNLOAD_H_

#include <string>

#include "absl/status/status.h"
#include "registry/hub/cache/cache.h"
#include "registry/hub/cache/listing.h"
#include "registry/hub/client.h"
#include "registry/hub/options.h"
#include "registry/hub/progress.h"
#include "registry/hub/pull_control.h"

namespace assay::registry {

// What the files of one pull share. All outlive it.
struct PullContext {
  const HubOptions& options;
  const HubCache& cache;
  PullControl& control;
  ProgressMeter& progress;
  std::string repo;
  std::string commit;
};

// Makes blobs/<hash>, whole and verified, or leaves it absent: under the blob's lock, going on from
// what an earlier download left, trying again as options say. What was left and does not lead to
// the right hash is dropped and the file fetched anew, once. Blocks; a thread a call, each with its
// own client. Errors: HubClient's; DATA_LOSS, where a file fetched whole has another size or hash
// than the Hub lists (nothing stays on the disk); RESOURCE_EXHAUSTED, no room;
// PullControl::Check()'s.
absl::Status DownloadBlob(const PullContext& pull, const RemoteFile& file, HubClient* client);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_BLOB_DOWNLOAD_H_
