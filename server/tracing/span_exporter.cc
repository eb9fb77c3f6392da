// Exports spans to their receiver in the background.
#include "server/tracing/span_exporter.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/mutex_lock.h"
#include "base/steady_time.h"
#include "server/tracing/otlp_json.h"

namespace assay::server {

SpanExporter::SpanExporter(std::unique_ptr<SpanReceiver> receiver, Options options)
    : receiver_(std::move(receiver)), options_(std::move(options)), thread_([this] { Run(); }) {}

SpanExporter::~SpanExporter() { Stop(absl::ZeroDuration()); }

void SpanExporter::Export(std::vector<Span> trace) {
  const MutexLock lock(mutex_);
  if (stopping_ || queue_.size() + trace.size() > options_.max_queued) {
    counts_.dropped += static_cast<int64_t>(trace.size());
    return;
  }
  if (queue_.empty()) oldest_ = SteadyTime::Now();
  queue_.insert(queue_.end(), std::make_move_iterator(trace.begin()),
                std::make_move_iterator(trace.end()));
}

void SpanExporter::Stop(absl::Duration bound) {
  {
    const MutexLock lock(mutex_);
    if (!stopping_) {
      stopping_ = true;
      stop_by_ = SteadyTime::Now() + bound;
      receiver_->Expire(stop_by_);
    }
  }
  if (thread_.joinable()) thread_.join();
}

SpanCounts SpanExporter::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

void SpanExporter::Run() {
  while (true) {
    const std::vector<Span> batch = NextBatch();
    if (batch.empty()) return;
    Deliver(batch);
  }
}

std::vector<Span> SpanExporter::NextBatch() {
  const MutexLock lock(mutex_);
  const auto any = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !queue_.empty();
  };
  const auto full = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || queue_.size() >= options_.max_batch;
  };
  mutex_.Await(absl::Condition(&any));
  mutex_.AwaitWithTimeout(absl::Condition(&full), (oldest_ + options_.delay).Left());
  const auto end =
      queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), options_.max_batch));
  std::vector<Span> batch(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return batch;
}

void SpanExporter::Deliver(const std::vector<Span>& batch) {
  const std::string body = ToOtlpJson(batch, options_.resource, options_.version);
  const auto count = static_cast<int64_t>(batch.size());
  absl::Duration wait = options_.initial_backoff;
  for (int attempts = 1;; ++attempts) {
    const Delivery delivery = receiver_->Send(body);
    if (delivery.status.ok()) {
      const int64_t rejected = std::clamp<int64_t>(delivery.rejected, 0, count);
      const MutexLock lock(mutex_);
      counts_.exported += count - rejected;
      counts_.failed += rejected;
      return;
    }
    if (options_.on_error) options_.on_error(delivery.status);
    const absl::Duration pause = std::max(
        wait * absl::Uniform(random_, 0.5, 1.0),
        std::min(delivery.retry_after.value_or(absl::ZeroDuration()), options_.max_backoff));
    if (!delivery.retryable || attempts >= options_.max_attempts || !Wait(pause)) {
      const MutexLock lock(mutex_);
      counts_.failed += count;
      return;
    }
    wait = std::min(wait * 2, options_.max_backoff);
  }
}

bool SpanExporter::Wait(absl::Duration wait) {
  const MutexLock lock(mutex_);
  // Stop() ends the wait early, so that the remaining time is used for attempts.
  mutex_.AwaitWithTimeout(absl::Condition(&stopping_), wait);
  return !stop_by_.HasPassed();
}

}  // namespace assay::server
