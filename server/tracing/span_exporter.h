// Exports spans to their receiver in the background.
#ifndef ASSAY_SERVER_TRACING_SPAN_EXPORTER_H_
#define ASSAY_SERVER_TRACING_SPAN_EXPORTER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "server/tracing/span.h"
#include "server/tracing/span_receiver.h"

namespace assay::server {

// The outcome of all spans since the start.
struct SpanCounts {
  int64_t exported = 0;
  // Dropped because the queue was full.
  int64_t dropped = 0;
  // Rejected by the receiver, or given up after Options::max_attempts.
  int64_t failed = 0;
};

// Queues spans and sends them in batches from a thread of its own. Export() never blocks on the
// network. Spans that are queued when the process is killed are lost. Thread-safe.
class SpanExporter {
 public:
  struct Options {
    // The most spans in the queue. A trace that does not fit is dropped as a whole.
    size_t max_queued = 8192;
    // The most spans in one request.
    size_t max_batch = 512;
    // How long the oldest span waits for a batch to fill up.
    absl::Duration delay = absl::Seconds(1);
    // The wait before a request is sent again. It starts at `initial_backoff`, doubles up to
    // `max_backoff` and is multiplied by a random factor of 0.5 to 1.
    absl::Duration initial_backoff = absl::Seconds(1);
    absl::Duration max_backoff = absl::Minutes(1);
    int max_attempts = 10;
    // The resource attributes and the version of this process.
    Attributes resource;
    std::string version;
    // Called on the exporter's thread with each failed attempt. May be null.
    std::function<void(const absl::Status&)> on_error;
  };

  SpanExporter(std::unique_ptr<SpanReceiver> receiver, Options options);
  // Calls Stop(0) if Stop() was not called.
  ~SpanExporter();

  void Export(std::vector<Span> trace) ABSL_LOCKS_EXCLUDED(mutex_);

  // Sends the queued spans for at most `bound`, then ends the thread. Spans exported later are
  // dropped. Only the first call has an effect.
  void Stop(absl::Duration bound) ABSL_LOCKS_EXCLUDED(mutex_);

  SpanCounts counts() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits for a batch. Returns an empty batch when the exporter stops and the queue is empty.
  std::vector<Span> NextBatch() ABSL_LOCKS_EXCLUDED(mutex_);
  void Deliver(const std::vector<Span>& batch) ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits before a retry. Returns false if the deadline of Stop() has passed.
  bool Wait(absl::Duration wait) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::unique_ptr<SpanReceiver> receiver_;
  const Options options_;
  mutable absl::Mutex mutex_;
  std::deque<Span> queue_ ABSL_GUARDED_BY(mutex_);
  // When the oldest span in the queue was exported.
  SteadyTime oldest_ ABSL_GUARDED_BY(mutex_) = SteadyTime::InfiniteFuture();
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  SteadyTime stop_by_ ABSL_GUARDED_BY(mutex_) = SteadyTime::InfiniteFuture();
  SpanCounts counts_ ABSL_GUARDED_BY(mutex_);
  // Used only by the thread.
  absl::BitGen random_;
  std::thread thread_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_TRACING_SPAN_EXPORTER_H_
