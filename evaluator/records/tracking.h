// What a tracking server is told of an evaluation: runs with metrics, parameters, tags and files.
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

// The prompts and tasks that were asked.
struct TrackedDataset {
  std::string name;
  // Hexadecimal, of all that was asked.
  std::string digest;
  // JSON objects: where it comes from, and how much it holds.
  std::string source;
  std::string profile;
};

// A model as it was deployed; the same one in every evaluation of that revision.
struct TrackedModel {
  std::string name;
  // Unique for the model and its revision.
  std::string key;
  std::vector<std::pair<std::string, std::string>> params;
};

// The run that another one is nested in: enough to make it where it is not there yet.
struct ParentRun {
  std::string client_key;
  std::string run_name;
  absl::Time started_at;
};

// One run to be created and filled: everything in one record, so that a flush is all or nothing for
// the reader.
struct TrackedRun {
  // Unique for ever: whoever sends the run tags it with this and searches for it before creating
  // another.
  std::string client_key;
  std::string evaluation_id;
  // The candidate; empty = the evaluation as a whole.
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
  // Names of the files that belong to it ("report.html"); they are made when the run is sent.
  std::vector<std::string> artifacts;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_TRACKING_H_
