// Measurement of one scaling level, with one thread per stream.
#include "evaluator/run/scaling.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/call_context.h"
#include "base/mutex_lock.h"
#include "base/steady_time.h"
#include "evaluator/stats/quantile.h"

namespace assay::evaluator {
namespace {

constexpr double kMedian = 0.5;
constexpr double kPercentile90 = 0.9;

// Collects the results of all streams. Thread-safe.
class StreamResults {
 public:
  void Add(const absl::StatusOr<Generation>& generation) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    ++requests_;
    if (!generation.ok()) {
      ++failures_;
      return;
    }
    tokens_ += generation->completion_tokens;
    latencies_.push_back(generation->total_ms);
    first_tokens_.push_back(generation->first_token_ms);
  }

  ScalingPoint Summarize(absl::Duration elapsed) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    std::sort(latencies_.begin(), latencies_.end());
    std::sort(first_tokens_.begin(), first_tokens_.end());
    ScalingPoint point;
    point.requests = requests_;
    point.failures = failures_;
    const double seconds = absl::ToDoubleSeconds(elapsed);
    if (seconds > 0) point.tokens_per_second = static_cast<double>(tokens_) / seconds;
    point.latency_p50_ms = Quantile(latencies_, kMedian);
    point.latency_p90_ms = Quantile(latencies_, kPercentile90);
    point.first_token_p50_ms = Quantile(first_tokens_, kMedian);
    point.first_token_p90_ms = Quantile(first_tokens_, kPercentile90);
    return point;
  }

 private:
  absl::Mutex mutex_;
  int requests_ ABSL_GUARDED_BY(mutex_) = 0;
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t tokens_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<double> latencies_ ABSL_GUARDED_BY(mutex_);
  std::vector<double> first_tokens_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

ScalingPoint MeasureStreams(TextGenerator* generator, MemoryProbe* memory,
                            const std::vector<GenerationJob>& jobs, int streams, int rounds,
                            const CallContext& context) {
  StreamResults results;
  std::atomic<size_t> next = 0;
  const auto run = [&] {
    for (int round = 0; round < rounds && !context.IsDone(); ++round) {
      const absl::StatusOr<Generation> generation =
          generator->Generate(jobs[next++ % jobs.size()], context);
      if (!context.IsDone()) results.Add(generation);
    }
  };
  const SteadyTime start = SteadyTime::Now();
  std::vector<std::thread> threads;
  threads.reserve(static_cast<size_t>(streams));
  for (int i = 0; i < streams; ++i) threads.emplace_back(run);
  for (std::thread& thread : threads) thread.join();
  ScalingPoint point = results.Summarize(SteadyTime::Now() - start);
  point.level = streams;
  point.resident_bytes = memory->ResidentBytes();
  return point;
}

}  // namespace assay::evaluator
