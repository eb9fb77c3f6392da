// The Prometheus families behind Metrics and the series of one model. Private to this folder.
#ifndef ASSAY_SERVER_TELEMETRY_METRIC_FAMILIES_H_
#define ASSAY_SERVER_TELEMETRY_METRIC_FAMILIES_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace assay::server {

// The label value for names that were not declared.
inline constexpr std::string_view kOther = "other";
inline constexpr std::array<std::string_view, 8> kRoutes = {
    "requested", "fixed", "weighted", "fallback", "auto", "explore", "default", kOther};
inline constexpr std::array<std::string_view, 7> kModelStates = {
    "new", "downloading", "loading", "ready", "draining", "unloaded", "failed"};
// The index is the value of the gauge.
inline constexpr std::array<std::string_view, 3> kBreakerStates = {"closed", "half_open", "open"};
inline constexpr std::array<std::string_view, 3> kEvaluationStates = {"succeeded", "failed",
                                                                      "cancelled"};
inline constexpr std::array<std::string_view, 4> kUnloadCauses = {"asked", "evicted", "idle",
                                                                  "reloaded"};
inline constexpr std::array<std::string_view, 3> kMemoryKinds = {"weights", "kv_cache", "working"};
inline constexpr std::array<std::string_view, 3> kUploadResults = {"ok", "transient_error",
                                                                   "permanent_error"};
inline constexpr std::array<std::string_view, 3> kSpanResults = {"exported", "dropped", "failed"};
inline constexpr std::array<std::string_view, 3> kVerdicts = {"accepted", "edited", "rejected"};
// Indexed by `succeeded`: 0 is failed, 1 is succeeded.
inline constexpr std::array<std::string_view, 2> kResults = {"failed", "succeeded"};
// Indexed by the numeric value of absl::StatusCode.
inline constexpr std::array<std::string_view, 17> kStatuses = {
    "ok",        "cancelled",      "unknown",           "invalid_argument",   "deadline_exceeded",
    "not_found", "already_exists", "permission_denied", "resource_exhausted", "failed_precondition",
    "aborted",   "out_of_range",   "unimplemented",     "internal",           "unavailable",
    "data_loss", "unauthenticated"};
inline constexpr size_t kUnknownStatus = 2;

// Returns the index of `name`, or -1 if it is not in `names`.
template <typename Names>
int IndexOf(const Names& names, std::string_view name) {
  const auto it = std::find(names.begin(), names.end(), name);
  return it == names.end() ? -1 : static_cast<int>(std::distance(names.begin(), it));
}

// Returns the ascending upper bucket bounds of assay_inter_token_latency_seconds.
const std::vector<double>& InterTokenEdges();

struct MetricFamilies {
  using Counter = prometheus::Counter;
  using Gauge = prometheus::Gauge;
  using Histogram = prometheus::Histogram;
  template <typename T>
  using Family = prometheus::Family<T>;

  MetricFamilies();

  // Sets the memory gauges of `model`; `bytes` is in the order of kMemoryKinds. A model is on one
  // device at a time, so a change of `device` removes the series of the previous device.
  void SetModelMemory(const std::string& model, const std::string& device,
                      const std::array<int64_t, kMemoryKinds.size()>& bytes)
      ABSL_LOCKS_EXCLUDED(memory_mutex);

  prometheus::Registry registry;

  // Requests.
  Family<Counter>& requests;
  Family<Histogram>& duration;
  Family<Histogram>& queue;
  Family<Histogram>& prefill;
  Family<Histogram>& first_token;
  Family<Histogram>& per_token;
  Family<Histogram>& inter_token;
  Family<Histogram>& request_prompt_tokens;
  Family<Histogram>& request_generation_tokens;
  Family<Counter>& prompt_tokens;
  Family<Counter>& generation_tokens;
  Family<Counter>& prefix_queries;
  Family<Counter>& prefix_hits;
  Family<Counter>& drafted;
  Family<Counter>& accepted;
  Family<Counter>& preemptions;
  Family<Counter>& cost;
  Family<Counter>& hosted_cost;
  Family<Counter>& energy;
  Family<Counter>& calls;
  // Feedback.
  Family<Counter>& feedback_verdicts;
  Family<Counter>& feedback_ratings;
  Family<Counter>& feedback_rating_points;
  Family<Counter>& feedback_conversions;
  Family<Counter>& feedback_conversion_dollars;
  // Models.
  Family<Gauge>& running;
  Family<Gauge>& waiting;
  Family<Gauge>& expected_wait;
  Family<Gauge>& cache_usage;
  Family<Gauge>& cache_capacity;
  Family<Gauge>& model_memory;
  Family<Gauge>& model_state;
  Family<Histogram>& load_duration;
  Family<Counter>& loads;
  Family<Counter>& unloads;
  Family<Gauge>& breaker_state;
  Family<Counter>& breaker_transitions;
  Family<Counter>& downloads;
  // The machine.
  Family<Gauge>& device_bytes;
  Family<Counter>& machine_energy;
  // Evaluations.
  Family<Counter>& evaluations;
  Family<Counter>& samples;
  Family<Gauge>& score;
  Family<Gauge>& score_lower;
  Family<Gauge>& score_upper;
  // MLflow uploads, trace spans, build and catalog.
  Family<Counter>& uploads;
  Family<Counter>& spans;
  Family<Gauge>& build_info;
  Family<Counter>& catalog_reloads;

  // Metrics without labels.
  Counter& answers_forgotten;
  Counter& prompts_recorded;
  Counter& prompts_dropped;
  Gauge& process_peak;
  Gauge& memory_used;
  Gauge& memory_budget;
  Gauge& downloads_running;
  Counter& download_bytes;
  Histogram& download_duration;
  Gauge& catalog_reload_time;
  // Has no value without TLS.
  prometheus::Family<Gauge>& certificate_expiry;
  Gauge& evaluations_running;
  Histogram& evaluation_duration;
  Gauge& evaluation_success_time;
  Gauge& outbox_entries;
  Gauge& outbox_age;

  // Metrics whose label values are fixed.
  std::array<Counter*, kResults.size()> download_results = {};
  std::array<Counter*, kResults.size()> reload_results = {};
  std::array<Counter*, kEvaluationStates.size()> evaluation_states = {};
  std::array<Counter*, kUploadResults.size()> upload_results = {};
  std::array<Counter*, kSpanResults.size()> span_results = {};

  struct ModelMemory {
    std::string device;
    std::array<Gauge*, kMemoryKinds.size()> kinds = {};
  };
  absl::Mutex memory_mutex;
  absl::flat_hash_map<std::string, ModelMemory> memory_by_model ABSL_GUARDED_BY(memory_mutex);
};

// The feedback counters of one model and content type.
struct FeedbackSeries {
  // In the order of kVerdicts.
  std::array<prometheus::Counter*, kVerdicts.size()> verdicts = {};
  prometheus::Counter* ratings = nullptr;
  prometheus::Counter* rating_points = nullptr;
  prometheus::Counter* conversions = nullptr;
  prometheus::Counter* conversion_dollars = nullptr;
};

// The series of one model, looked up once so that recording needs no label look-up. Thread-safe.
class ModelSeries {
 public:
  // `content_types` must outlive this object; its last element is kOther.
  ModelSeries(MetricFamilies* families, const std::vector<std::string>& content_types,
              const std::string& name);

  using Counter = prometheus::Counter;
  using Gauge = prometheus::Gauge;
  using Histogram = prometheus::Histogram;

  // Returns the request counter of these label indices. The constructor creates the success counter
  // of every content type and route, and one counter per status under "other", so that sums by
  // status are 0 rather than absent. The remaining combinations are created on first use, since
  // most of them stay zero.
  Counter& Requests(size_t type, size_t route, size_t status) const;
  const std::string model;
  Histogram& duration;
  Histogram& queue;
  Histogram& prefill;
  Histogram& first_token;
  Histogram& per_token;
  Histogram& inter_token;
  Histogram& request_prompt_tokens;
  Histogram& request_generation_tokens;
  Counter& prompt_tokens;
  Counter& generation_tokens;
  Counter& prefix_queries;
  Counter& prefix_hits;
  Counter& drafted;
  Counter& accepted;
  Counter& preemptions;
  Counter& cost;
  Counter& hosted_cost;
  Counter& energy;
  Gauge& running;
  Gauge& waiting;
  Gauge& expected_wait;
  Gauge& cache_usage;
  Gauge& cache_capacity;
  Histogram& load_duration;
  // Indexed by `succeeded`: 0 is failed, 1 is succeeded.
  std::array<Counter*, kResults.size()> loads = {};
  std::array<Counter*, kUnloadCauses.size()> unloads = {};
  Gauge& breaker;
  std::array<Counter*, kBreakerStates.size()> breaker_transitions = {};
  std::array<Gauge*, kModelStates.size()> states = {};
  // Indexed by content type, then by `succeeded`.
  std::vector<std::array<Counter*, kResults.size()>> samples;
  // Indexed by content type.
  std::vector<FeedbackSeries> feedback;

 private:
  const std::vector<std::string>& content_types_;
  MetricFamilies* const families_;
  // Filled on first use.
  mutable std::vector<std::atomic<Counter*>> requests_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_TELEMETRY_METRIC_FAMILIES_H_
