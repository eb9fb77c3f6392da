// The samples and task answers of one evaluation, in memory and in the run store.
#include "evaluator/run/job_records.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"

namespace assay::evaluator {
namespace {

constexpr char kNotRecorded[] = "a sample could not be recorded";

// Keys are unambiguous, because ValidatePlan() allows no spaces in candidate and task names.
std::string SampleKey(const std::string& candidate, const std::string& prompt, int repeat) {
  return absl::StrCat("sample ", candidate, " ", repeat, " ", prompt);
}

std::string AnswerKey(const std::string& candidate, const std::string& task,
                      const std::string& item) {
  return absl::StrCat("answer ", candidate, " ", task, " ", item);
}

}  // namespace

JobRecords::JobRecords(RunStore* store, std::string evaluation_id, ResumeState recorded)
    : store_(store),
      evaluation_id_(std::move(evaluation_id)),
      samples_(std::move(recorded.samples)),
      answers_(std::move(recorded.answers)) {
  for (const Sample& sample : samples_) {
    keys_.insert(SampleKey(sample.model, sample.prompt_id, sample.repeat));
  }
  for (const TaskAnswer& answer : answers_) {
    keys_.insert(AnswerKey(answer.model, answer.task, answer.item_id));
  }
  size_ = static_cast<int>(keys_.size());
}

bool JobRecords::HasSample(const std::string& candidate, const std::string& prompt,
                           int repeat) const {
  return keys_.contains(SampleKey(candidate, prompt, repeat));
}

bool JobRecords::HasAnswer(const std::string& candidate, const std::string& task,
                           const std::string& item) const {
  return keys_.contains(AnswerKey(candidate, task, item));
}

absl::Status JobRecords::AddSample(const Sample& sample) {
  RETURN_IF_ERROR(Annotate(store_->AddSample(evaluation_id_, sample), kNotRecorded));
  keys_.insert(SampleKey(sample.model, sample.prompt_id, sample.repeat));
  samples_.push_back(sample);
  ++size_;
  return absl::OkStatus();
}

absl::Status JobRecords::AddAnswer(TaskAnswer answer) {
  RETURN_IF_ERROR(Annotate(store_->AddAnswer(evaluation_id_, answer), kNotRecorded));
  keys_.insert(AnswerKey(answer.model, answer.task, answer.item_id));
  answers_.push_back(std::move(answer));
  ++size_;
  return absl::OkStatus();
}

std::optional<std::string> JobRecords::RecordedRevision(const std::string& candidate) const {
  const auto succeeded = [&candidate](const auto& record) {
    return record.model == candidate && record.error.empty();
  };
  const auto sample = std::find_if(samples_.begin(), samples_.end(), succeeded);
  if (sample != samples_.end()) return sample->revision;
  // Answers recorded by older versions have no revision.
  const auto answer = std::find_if(answers_.begin(), answers_.end(), [&](const TaskAnswer& one) {
    return succeeded(one) && !one.revision.empty();
  });
  if (answer != answers_.end()) return answer->revision;
  return std::nullopt;
}

absl::Status JobRecords::CheckRevision(const std::string& candidate,
                                       const std::string& revision) const {
  const std::optional<std::string> recorded = RecordedRevision(candidate);
  if (!recorded || *recorded == revision) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("model ", candidate, " was ", *recorded,
                                                    " when the evaluation began and is ", revision,
                                                    " now; start a new evaluation"));
}

}  // namespace assay::evaluator
