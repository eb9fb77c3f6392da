// The samples and task answers of one evaluation, in memory and in the run store.
#ifndef ASSAY_EVALUATOR_RUN_JOB_RECORDS_H_
#define ASSAY_EVALUATOR_RUN_JOB_RECORDS_H_

#include <atomic>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/store/run_store.h"

namespace assay::evaluator {

// The records of an evaluation that was interrupted when the server stopped.
struct ResumeState {
  std::vector<Sample> samples;
  std::vector<TaskAnswer> answers;
};

// Knows what is recorded of one evaluation, and adds to it. Not thread-safe, except for size().
class JobRecords {
 public:
  // `store` must outlive the JobRecords. `recorded` must be in the store already.
  JobRecords(RunStore* store, std::string evaluation_id, ResumeState recorded);

  // The candidate is given by its name.
  bool HasSample(const std::string& candidate, const std::string& prompt, int repeat) const;
  bool HasAnswer(const std::string& candidate, const std::string& task,
                 const std::string& item) const;

  // Writes the record to the store. If that fails, returns the store's error and changes nothing.
  absl::Status AddSample(const Sample& sample);
  absl::Status AddAnswer(TaskAnswer answer);

  // Returns FAILED_PRECONDITION if the candidate's records are of another revision of its model.
  absl::Status CheckRevision(const std::string& candidate, const std::string& revision) const;

  // In the order in which they were recorded.
  const std::vector<Sample>& samples() const { return samples_; }
  const std::vector<TaskAnswer>& answers() const { return answers_; }
  // Returns the number of samples and answers. May be called on any thread.
  int size() const { return size_; }

 private:
  // Returns the revision of the candidate's records, or nullopt if none of them succeeded.
  std::optional<std::string> RecordedRevision(const std::string& candidate) const;

  RunStore* const store_;
  const std::string evaluation_id_;
  std::vector<Sample> samples_;
  std::vector<TaskAnswer> answers_;
  // The keys of all samples and answers.
  std::unordered_set<std::string> keys_;
  std::atomic<int> size_ = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_JOB_RECORDS_H_
