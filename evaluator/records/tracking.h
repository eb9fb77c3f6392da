// The runs that are sent to a tracking server: metrics, parameters, tags and files.
#ifndef ASSAY_EVALUATOR_RECORDS_TRACKING_H_
#define ASSAY_EVALUATOR_RECORDS_TRACKING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace assay::evaluator {

struct TrackedMetric {
  std::string key;
  double value;
  absl::Time time;
  int64_t step;
};

// The prompts and tasks of the evaluation.
struct TrackedDataset {
  std::string name;
  // A SHA-256 of the prompts and tasks, in hexadecimal.
  std::string digest;
  // JSON objects: the origin of the data set, and its size.
  std::string source;
  std::string profile;
};

// A deployed model. All evaluations of one revision refer to the same TrackedModel.
struct TrackedModel {
  std::string name;
  // Unique for the model and its revision.
  std::string key;
  std::vector<std::pair<std::string, std::string>> params;
};

// The run that another run is nested in, with everything needed to create it if it does not exist
// yet.
struct ParentRun {
  std::string client_key;
  std::string run_name;
  absl::Time started_at;
};

// One run to be created and filled. A single record holds all of it, so that readers see either the
// whole run or none of it.
struct TrackedRun {
  // Empty: the run is created. Otherwise the record adds to a run that was created by another
  // record, even if that run has ended: the name of what it adds ("judgments"). Parameters cannot
  // be added again with other values, so an amendment has none.
  std::string amendment;
  // Globally unique. The sender tags the run with this key and searches for the tag before it
  // creates a run, so that no run is created more than once.
  std::string client_key;
  std::string evaluation_id;
  // The name of the candidate. Empty for the run of the evaluation as a whole.
  std::string model;
  std::string run_name;
  absl::Time started_at;
  absl::Time finished_at;
  bool succeeded;
  std::optional<ParentRun> parent;
  std::vector<TrackedMetric> metrics;
  std::vector<std::pair<std::string, std::string>> params;
  std::vector<std::pair<std::string, std::string>> tags;
  std::optional<TrackedDataset> dataset;
  std::optional<TrackedModel> deployed;
  // The names of the run's files ("report.html"). The files are made when the run is sent.
  std::vector<std::string> artifacts;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_TRACKING_H_
