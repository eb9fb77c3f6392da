// Everything that feedback on answers needs: store, memory of answers, reports to MLflow.
#ifndef ASSAY_SERVER_FEEDBACK_STACK_H_
#define ASSAY_SERVER_FEEDBACK_STACK_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "evaluator/store/feedback_store.h"
#include "server/config/config.h"
#include "server/feedback/answer_memory.h"
#include "server/feedback/feedback_reporter.h"
#include "server/serving/request_record.h"

namespace assay::server {

// Thread-safe after Create().
class FeedbackStack {
 public:
  // Opens the store, whose file the evaluations' store must have opened before. `wake_mlflow` is
  // called when the outbox has new entries; null: MLflow is off. Errors name the config key.
  static absl::StatusOr<std::unique_ptr<FeedbackStack>> Create(const Config& config,
                                                               std::function<void()> wake_mlflow);

  evaluator::FeedbackStore& store() { return *store_; }
  AnswerMemory& memory() { return *memory_; }

  // Remembers the answer to a user's request that succeeded. Other requests are ignored. Cheap.
  void OnRequest(const RequestRecord& record);

 private:
  FeedbackStack() = default;

  bool remembers_ = true;
  std::unique_ptr<evaluator::FeedbackStore> store_;
  std::unique_ptr<AnswerMemory> memory_;
  // nullptr: MLflow is off.
  std::unique_ptr<FeedbackReporter> reporter_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_FEEDBACK_STACK_H_
