// The thread that carries spans to their receiver.
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
#include "server/tracing/span.h"
#include "server/tracing/span_receiver.h"

namespace assay::server {

// What became of spans, since the start.
struct SpanCounts {
  int64_t exported = 0;
  // The queue was full.
  int64_t dropped = 0;
  // Refused by the receiver, or given up after Options::most_tries.
  int64_t failed = 0;
};

// Never blocks who has spans. Thread-safe. A process that is killed loses what is queued.
class SpanExporter {
 public:
  struct Options {
    // Of the queue; further spans are dropped, a trace as a whole.
    size_t most_queued = 8192;
    // Of one request.
    size_t batch = 512;
    // How long a span waits for others to go with it.
    absl::Duration delay = absl::Seconds(1);
    // Waits between tries of one request: the first, doubling up to the longest, each times a
    // random 0.5 to 1.
    absl::Duration first_wait = absl::Seconds(1);
    absl::Duration longest_wait = absl::Minutes(1);
    int most_tries = 10;
    // Of this process.
    Attributes resource;
    std::string version;
    // What fails, on the exporter's thread; null = nobody hears of it.
    std::function<void(const absl::Status&)> on_error;
  };

  SpanExporter(std::unique_ptr<SpanReceiver> receiver, Options options);
  // Stop(0) if nobody called it.
  ~SpanExporter();

  void Export(std::vector<Span> trace) ABSL_LOCKS_EXCLUDED(mutex_);

  // Sends what is queued, for at most `bound`; later spans are dropped. The first call counts.
  void Stop(absl::Duration bound) ABSL_LOCKS_EXCLUDED(mutex_);

  SpanCounts counts() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits for a batch, or for the end; empty at the end.
  std::vector<Span> NextBatch() ABSL_LOCKS_EXCLUDED(mutex_);
  void Deliver(const std::vector<Span>& batch) ABSL_LOCKS_EXCLUDED(mutex_);
  // False: no time for it is left.
  bool Wait(absl::Duration wait) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::unique_ptr<SpanReceiver> receiver_;
  const Options options_;
  mutable absl::Mutex mutex_;
  std::deque<Span> queue_ ABSL_GUARDED_BY(mutex_);
  // When the oldest one in the queue came.
  absl::Time oldest_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time stop_by_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  SpanCounts counts_ ABSL_GUARDED_BY(mutex_);
  // Of the thread.
  absl::BitGen random_;
  std::thread thread_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_TRACING_SPAN_EXPORTER_H_
