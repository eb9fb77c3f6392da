// Records the prompts of real requests, without delaying them.
#include "server/recording/prompt_recorder.h"

#include <utility>

#include "absl/time/clock.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "server/recording/redaction.h"

namespace assay::server {
namespace {

using evaluator::RecordedPrompt;

// Sets the texts of a conversation of one user message.
void ReadChat(const std::vector<ChatMessage>& chat, RecordedPrompt* prompt) {
  const size_t first = !chat.empty() && chat.front().role == "system" ? 1 : 0;
  if (chat.size() != first + 1 || chat[first].role != "user") return;
  // Further fields, such as images, would be lost.
  if (!chat.front().fields_json.empty() || !chat[first].fields_json.empty()) return;
  if (first == 1) prompt->system = chat.front().content;
  prompt->prompt = chat[first].content;
}

void RedactPrompt(RecordedPrompt* prompt) {
  for (std::string* text : {&prompt->prompt, &prompt->system}) {
    RedactedText redacted = Redact(*text);
    *text = std::move(redacted.text);
    prompt->redactions += redacted.places;
  }
  prompt->redacted = true;
}

}  // namespace

RecordedPrompt ToRecordedPrompt(const RequestRecord& record) {
  RecordedPrompt prompt{.request_id = record.context.request_id,
                        .content_type = record.content_type,
                        .model = record.model,
                        .rule = record.rule,
                        .recorded_at = record.arrival};
  // Without a method the request is the daemon's own.
  if (!record.status.ok() || record.context.method.empty() || record.call->raw) return prompt;
  if (record.call->chat.has_value()) {
    ReadChat(*record.call->chat, &prompt);
  } else {
    prompt.prompt = record.call->prompt;
  }
  if (prompt.prompt.size() + prompt.system.size() > kMaxRecordedBytes) prompt.prompt.clear();
  return prompt;
}

absl::StatusOr<std::unique_ptr<PromptRecorder>> PromptRecorder::Create(const std::string& path,
                                                                       RecorderOptions options) {
  ASSIGN_OR_RETURN(std::unique_ptr<evaluator::PromptLogStore> store,
                   evaluator::PromptLogStore::Open(path, {.max_prompts = options.config.max_prompts,
                                                          .max_age = options.config.max_age}));
  // std::make_unique cannot call the private constructor.
  return std::unique_ptr<PromptRecorder>(new PromptRecorder(std::move(store), std::move(options)));
}

PromptRecorder::PromptRecorder(std::unique_ptr<evaluator::PromptLogStore> store,
                               RecorderOptions options)
    : options_(std::move(options)),
      store_(std::move(store)),
      random_(std::random_device()()),
      queue_({.max_waiting = options_.queue_size,
              .batch_interval = options_.batch_interval,
              .idle_interval = options_.prune_interval},
             [this](std::vector<RecordedPrompt> batch) { return Write(std::move(batch)); }) {}

void PromptRecorder::OnRequest(const RequestRecord& record) {
  if (!recording()) return;
  {
    const MutexLock lock(mutex_);
    if (std::uniform_real_distribution<>()(random_) >= options_.config.sample_ratio) return;
  }
  RecordedPrompt prompt = ToRecordedPrompt(record);
  if (!prompt.prompt.empty()) queue_.Push(std::move(prompt));
}

RecorderCounts PromptRecorder::counts() const {
  const auto counts = queue_.counts();
  return {.recorded = counts.handled, .dropped = counts.dropped};
}

bool PromptRecorder::Write(std::vector<RecordedPrompt> batch) {
  if (options_.config.redact) {
    for (RecordedPrompt& prompt : batch) RedactPrompt(&prompt);
  }
  const absl::Status added = batch.empty() ? store_->Prune(absl::Now()) : store_->Add(batch);
  if (!added.ok() && options_.on_store_error != nullptr) options_.on_store_error(added);
  return added.ok();
}

}  // namespace assay::server
