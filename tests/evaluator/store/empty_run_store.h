// A run store that accepts all writes and returns empty results. Tests override the methods they
// need.
#ifndef ASSAY_TESTS_EVALUATOR_STORE_EMPTY_RUN_STORE_H_
#define ASSAY_TESTS_EVALUATOR_STORE_EMPTY_RUN_STORE_H_

#include <string_view>
#include <vector>

#include "evaluator/store/run_store.h"

namespace assay::evaluator {

class EmptyRunStore : public RunStore {
 public:
  absl::Status Begin(const Evaluation& /*evaluation*/, const EvaluationPlan& /*plan*/) override {
    return absl::OkStatus();
  }
  absl::Status AddSample(std::string_view /*id*/, const Sample& /*sample*/) override {
    return absl::OkStatus();
  }
  absl::Status AddAnswer(std::string_view /*id*/, const TaskAnswer& /*answer*/) override {
    return absl::OkStatus();
  }
  absl::Status SetScaling(std::string_view /*id*/,
                          const std::vector<ScalingPoint>& /*points*/) override {
    return absl::OkStatus();
  }
  absl::Status Finish(const Evaluation& /*evaluation*/,
                      const std::vector<TrackedRun>& /*outbox*/) override {
    return absl::OkStatus();
  }
  absl::Status RecordKept() override { return absl::OkStatus(); }
  absl::Status BeginAttempt(std::string_view /*id*/) override { return absl::OkStatus(); }
  absl::StatusOr<std::vector<Evaluation>> TakeInterrupted() override {
    return std::vector<Evaluation>{};
  }
  absl::Status Suspend(std::string_view /*id*/) override { return absl::OkStatus(); }
  absl::StatusOr<Evaluation> Get(std::string_view /*id*/) override { return Evaluation{}; }
  absl::StatusOr<EvaluationPlan> Plan(std::string_view /*id*/) override { return EvaluationPlan{}; }
  absl::StatusOr<std::vector<Sample>> Samples(std::string_view /*id*/) override {
    return std::vector<Sample>{};
  }
  absl::StatusOr<std::vector<TaskAnswer>> Answers(std::string_view /*id*/) override {
    return std::vector<TaskAnswer>{};
  }
  absl::StatusOr<std::vector<SampleId>> SuccessfulSamples(std::string_view /*id*/) override {
    return std::vector<SampleId>{};
  }
  absl::StatusOr<RatingCounts> AddRatings(std::string_view /*id*/,
                                          const std::vector<Rating>& /*ratings*/) override {
    return RatingCounts{};
  }
  absl::StatusOr<std::vector<Rating>> Ratings(std::string_view /*id*/) override {
    return std::vector<Rating>{};
  }
  absl::StatusOr<std::vector<Evaluation>> List(int /*limit*/) override {
    return std::vector<Evaluation>{};
  }
  absl::StatusOr<int> CountGateCheck(std::string_view /*subject*/,
                                     std::string_view /*evaluation_id*/) override {
    return 1;
  }
  absl::StatusOr<int> QueueAmendments(const std::vector<TrackedRun>& /*amendments*/,
                                      absl::Time /*now*/) override {
    return 0;
  }
  absl::StatusOr<std::vector<OutboxEntry>> PendingOutbox(absl::Time /*now*/,
                                                         int /*limit*/) override {
    return std::vector<OutboxEntry>{};
  }
  absl::Status CompleteOutbox(int64_t /*id*/, const RunLink& /*run*/) override {
    return absl::OkStatus();
  }
  absl::Status PostponeOutbox(int64_t /*id*/, absl::Time /*retry_at*/,
                              std::string_view /*error*/) override {
    return absl::OkStatus();
  }
  absl::Status ExpediteOutbox(absl::Time /*now*/) override { return absl::OkStatus(); }
  absl::StatusOr<std::vector<WaitingUpload>> WaitingOutbox(int /*limit*/) override {
    return std::vector<WaitingUpload>{};
  }
  absl::StatusOr<absl::Time> NextOutboxAttempt() override { return absl::InfiniteFuture(); }
  absl::StatusOr<int64_t> OutboxDepth() override { return 0; }
  absl::StatusOr<absl::Time> OldestOutbox() override { return absl::InfiniteFuture(); }
};

}  // namespace assay::evaluator

#endif  // ASSAY_TESTS_EVALUATOR_STORE_EMPTY_RUN_STORE_H_
