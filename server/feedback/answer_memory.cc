// Remembers who answered which request, without delaying the request.
#include "server/feedback/answer_memory.h"

#include <algorithm>
#include <utility>

#include "base/hashing.h"
#include "base/mutex_lock.h"

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
    : store_(store), options_(std::move(options)), thread_([this] { Run(); }) {}

AnswerMemory::~AnswerMemory() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    hurry_ = true;
  }
  thread_.join();
}

void AnswerMemory::Remember(evaluator::ServedAnswer answer) {
  const MutexLock lock(mutex_);
  if (queue_.size() >= options_.queue_size) {
    ++forgotten_;
    return;
  }
  queue_.push_back(std::move(answer));
  ++queued_;
}

void AnswerMemory::Flush(absl::Duration timeout) {
  const MutexLock lock(mutex_);
  AwaitAll(timeout);
}

void AnswerMemory::FlushRequest(const std::string& request_id, absl::Duration timeout) {
  const MutexLock lock(mutex_);
  // The ids of a batch that is being written are not known here.
  const bool is_writing = done_ + static_cast<int64_t>(queue_.size()) < queued_;
  const bool waits = std::any_of(queue_.begin(), queue_.end(),
                                 [&request_id](const evaluator::ServedAnswer& answer) {
                                   return answer.request_id == request_id;
                                 });
  if (is_writing || waits) AwaitAll(timeout);
}

void AnswerMemory::AwaitAll(absl::Duration timeout) {
  const int64_t target = queued_;
  if (done_ >= target) return;
  hurry_ = true;
  const auto is_done = [this, target]()
                           ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return done_ >= target; };
  mutex_.AwaitWithTimeout(absl::Condition(&is_done), timeout);
}

int64_t AnswerMemory::forgotten() const {
  const MutexLock lock(mutex_);
  return forgotten_;
}

void AnswerMemory::Run() {
  const auto has_work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !queue_.empty() || stopping_;
  };
  while (true) {
    std::vector<evaluator::ServedAnswer> batch;
    {
      const MutexLock lock(mutex_);
      mutex_.Await(absl::Condition(&has_work));
      mutex_.AwaitWithTimeout(absl::Condition(&hurry_), options_.batch_interval);
      batch.swap(queue_);
      hurry_ = stopping_;
      if (batch.empty() && stopping_) return;
    }
    if (batch.empty()) continue;
    const absl::Status added = store_->AddAnswers(batch);
    if (!added.ok() && options_.on_store_error != nullptr) options_.on_store_error(added);
    const MutexLock lock(mutex_);
    done_ += static_cast<int64_t>(batch.size());
    if (!added.ok()) forgotten_ += static_cast<int64_t>(batch.size());
  }
}

}  // namespace assay::server
