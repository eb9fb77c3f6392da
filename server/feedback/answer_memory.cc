// Remembers who answered which request, without delaying the request.
#include "server/feedback/answer_memory.h"

#include <utility>

#include "base/hashing.h"

namespace assay::server {
namespace {

constexpr size_t kKeyDigits = 16;

}  // namespace

evaluator::ServedAnswer ToAnswer(const RequestRecord& record) {
  const std::string& key = record.call->routing_key;
  return {.request_id = record.context.request_id,
          .model = record.model,
          .revision = record.revision,
          .content_type = record.content_type,
          .rule = record.rule,
          .answered_at = record.arrival + record.duration,
          .key_hash = key.empty() ? std::string() : Sha256Hex(key).substr(0, kKeyDigits),
          .cost_usd = record.result->cost_usd};
}

AnswerMemory::AnswerMemory(evaluator::FeedbackStore* store, AnswerMemoryOptions options)
    : store_(store),
      options_(std::move(options)),
      queue_({.max_waiting = options_.queue_size, .batch_interval = options_.batch_interval},
             [this](const std::vector<evaluator::ServedAnswer>& batch) { return Write(batch); }) {}

void AnswerMemory::FlushRequest(const std::string& request_id, absl::Duration timeout) {
  const auto is_of_request = [&request_id](const evaluator::ServedAnswer& answer) {
    return answer.request_id == request_id;
  };
  queue_.FlushIf(is_of_request, timeout);
}

bool AnswerMemory::Write(const std::vector<evaluator::ServedAnswer>& batch) {
  const absl::Status added = store_->AddAnswers(batch);
  if (!added.ok() && options_.on_store_error != nullptr) options_.on_store_error(added);
  return added.ok();
}

}  // namespace assay::server
