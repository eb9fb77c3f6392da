// Downloads one file from the Hub into the blobs of the cache.
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

// The state that all files of a pull share. The references must outlive it.
struct PullContext {
  const HubOptions& options;
  const HubCache& cache;
  PullControl& control;
  ProgressMeter& progress;
  std::string repo;
  std::string commit;
};

// Creates blobs/<hash> with verified content; after an error the blob does not exist. Holds the
// blob's lock, resumes an earlier download and retries as the options say. If a resumed download
// does not have the right hash, the file is downloaded from the beginning, once. Blocks. May run in
// several threads, each with its own client. Errors:
//   DATA_LOSS           a completely downloaded file has another size or hash than the Hub lists.
//   It
//                       is deleted.
//   RESOURCE_EXHAUSTED  the disk is full.
//   Otherwise those of HubClient and of PullControl::Check().
absl::Status DownloadBlob(const PullContext& pull, const RemoteFile& file, HubClient* client);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_BLOB_DOWNLOAD_H_
