// The configs and splits of a data set's repository.
#ifndef ASSAY_CLIENT_INPUT_DATASET_LAYOUT_H_
#define ASSAY_CLIENT_INPUT_DATASET_LAYOUT_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::client {

// The files of each split, relative to the repository, in ascending order.
using DatasetSplits = std::map<std::string, std::vector<std::string>>;

struct DatasetConfig {
  // Empty: the repository has no configs.
  std::string name;
  // True: the one to take if none is named.
  bool is_default = false;
  DatasetSplits splits;
};

// Returns the configs that the metadata of a README.md states (`configs` with `data_files`, docs of
// the Hub, "Manual configuration"), with the names that match its patterns. None: it has no
// metadata, or they state no configs. INVALID_ARGUMENT: the metadata is not YAML.
absl::StatusOr<std::vector<DatasetConfig>> StatedConfigs(const std::string& readme,
                                                         const std::vector<std::string>& names);

// Returns the splits that the names state: "test-00000-of-00003.parquet", or a word of the file's
// name or of its folders (train, training; validation, valid, val, dev; test, testing, eval,
// evaluation). If no name has one, all files are "train".
DatasetSplits SplitsByName(const std::vector<std::string>& names);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_DATASET_LAYOUT_H_
