// Data sets of the Hugging Face Hub in the local caches.
#ifndef ASSAY_CLIENT_INPUT_HUB_DATASET_H_
#define ASSAY_CLIENT_INPUT_HUB_DATASET_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::client {

// The caches of huggingface_hub and of the library `datasets`.
struct DatasetCaches {
  std::string hub;
  std::string datasets;
};

// Returns the folders that HF_HUB_CACHE (or HUGGINGFACE_HUB_CACHE), HF_DATASETS_CACHE, HF_HOME and
// XDG_CACHE_HOME name, otherwise those below ~/.cache/huggingface.
DatasetCaches DatasetCachesFromEnvironment();

// Returns true for "hf:...".
bool IsDatasetReference(std::string_view text);

// The files of one split, all of the same kind.
struct DatasetFiles {
  // .parquet, .csv, .tsv, .arrow, .jsonl or .json files, in order.
  std::vector<std::string> paths;
  // The reference with the config, the revision and the split that were found, such as
  // "hf:owner/name/config@3f2a...:test".
  std::string name;
};

// Finds "hf:[OWNER/]NAME[/CONFIG][@REVISION][:SPLIT]". Never uses the network. First looks in the
// hub's cache (datasets--OWNER--NAME/snapshots/REVISION/, `refs/main` without a revision; docs of
// huggingface_hub, "Understand caching"), where the configs and splits are those of the README's
// metadata, otherwise those of the file names (docs of `datasets`, "Structure your repository").
// Then looks in the cache of `datasets` (OWNER___name/CONFIG/VERSION/HASH/*-SPLIT*.arrow), where it
// takes the newest preparation. A config or split need not be named if there is only one.
//
// INVALID_ARGUMENT: the reference is malformed; there are several configs or splits, which are
// listed, or not the named one; or the files are incomplete or of other kinds. NOT_FOUND: neither
// cache has the data set; the message has the command that downloads it.
absl::StatusOr<DatasetFiles> FindDataset(const std::string& reference, const DatasetCaches& caches);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_HUB_DATASET_H_
