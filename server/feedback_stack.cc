// Everything that feedback on answers needs.
#include "server/feedback_stack.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "base/annotate.h"
#include "server/events/log.h"

namespace assay::server {
namespace {

void LogStoreError(const absl::Status& status) {
  LogEvent(spdlog::level::err, "feedback_store", {{"error", std::string(status.message())}});
}

}  // namespace

absl::StatusOr<std::unique_ptr<FeedbackStack>> FeedbackStack::Create(
    const Config& config, std::function<void()> wake_mlflow) {
  auto stack = std::unique_ptr<FeedbackStack>(new FeedbackStack());
  absl::StatusOr<std::unique_ptr<evaluator::FeedbackStore>> store = evaluator::FeedbackStore::Open(
      config.state_dir + "/evaluations.sqlite", {.keep_answers = config.feedback.keep_requests,
                                                 .max_answers = config.feedback.max_requests,
                                                 .keep_feedback = config.feedback.keep_feedback});
  if (!store.ok()) return Annotate(store.status(), "state_dir");
  stack->store_ = *std::move(store);
  stack->remembers_ = config.feedback.max_requests > 0;
  AnswerMemoryOptions options;
  options.on_store_error = LogStoreError;
  stack->memory_ = std::make_unique<AnswerMemory>(stack->store_.get(), std::move(options));
  if (wake_mlflow != nullptr) {
    stack->reporter_ = std::make_unique<FeedbackReporter>(
        stack->store_.get(),
        FeedbackReporter::Options{.on_queued = std::move(wake_mlflow), .on_error = LogStoreError});
  }
  return stack;
}

void FeedbackStack::OnRequest(const RequestRecord& record) {
  const bool is_answer = record.status.ok() && !record.context.method.empty();
  if (remembers_ && is_answer) memory_->Remember(ToAnswer(record));
}

}  // namespace assay::server
