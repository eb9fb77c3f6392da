// Every Prometheus series of the daemon, under the prefix `assay_`.
#include "server/telemetry/metrics.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/metric_family.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

namespace assay::server {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
template <typename T>
using Family = prometheus::Family<T>;
using Buckets = Histogram::BucketBoundaries;

constexpr std::string_view kOther = "other";
constexpr std::array<std::string_view, 8> kRoutes = {"requested", "fixed",   "weighted", "fallback",
                                                     "auto",      "explore", "default",  kOther};
constexpr std::array<std::string_view, 7> kModelStates = {
    "new", "downloading", "loading", "ready", "draining", "unloaded", "failed"};
// The number is the gauge's value.
constexpr std::array<std::string_view, 3> kBreakerStates = {"closed", "half_open", "open"};
constexpr std::array<std::string_view, 3> kEvaluationStates = {"succeeded", "failed", "cancelled"};
constexpr std::array<std::string_view, 4> kUnloadCauses = {"asked", "evicted", "idle", "reloaded"};
constexpr std::array<std::string_view, 2> kOutcomes = {"failed", "succeeded"};
constexpr std::array<std::string_view, 3> kUploadResults = {"ok", "transient_error",
                                                            "permanent_error"};
// By the number of the code.
constexpr std::array<std::string_view, 17> kStatuses = {
    "ok",        "cancelled",      "unknown",           "invalid_argument",   "deadline_exceeded",
    "not_found", "already_exists", "permission_denied", "resource_exhausted", "failed_precondition",
    "aborted",   "out_of_range",   "unimplemented",     "internal",           "unavailable",
    "data_loss", "unauthenticated"};
constexpr size_t kUnknownStatus = 2;

// Edges that OpenTelemetry's GenAI semantic conventions give for gen_ai.server.request.duration,
// .time_to_first_token and .time_per_output_token.
Buckets DurationEdges() {
  return {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
}
Buckets FirstTokenEdges() {
  return {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1,
          0.25,  0.5,   0.75, 1.0,  2.5,  5.0,  7.5,  10.0};
}
Buckets PerTokenEdges() {
  return {0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5};
}

// -1: not there.
template <typename Names>
int IndexOf(const Names& names, std::string_view name) {
  const auto it = std::find(names.begin(), names.end(), name);
  return it == names.end() ? -1 : static_cast<int>(std::distance(names.begin(), it));
}

Family<Counter>& Counters(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
Family<Gauge>& Gauges(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
Family<Histogram>& Histograms(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

}  // namespace

struct Metrics::Series {
  prometheus::Registry registry;

  Family<Counter>& requests =
      Counters(registry, "assay_requests_total", "Finished Generate requests by gRPC status.");
  Family<Histogram>& duration =
      Histograms(registry, "assay_request_duration_seconds",
                 "Time from the arrival of a request to its last token, failures included.");
  Family<Histogram>& queue = Histograms(registry, "assay_request_queue_seconds",
                                        "Time a successful request waited for its model.");
  Family<Histogram>& prefill = Histograms(registry, "assay_request_prefill_seconds",
                                          "Time to compute the prompt of a request.");
  Family<Histogram>& first_token =
      Histograms(registry, "assay_time_to_first_token_seconds",
                 "Time from the arrival of a request to its first token.");
  Family<Histogram>& per_token =
      Histograms(registry, "assay_time_per_output_token_seconds",
                 "Mean time between the tokens of a request after the first.");
  Family<Counter>& prompt_tokens =
      Counters(registry, "assay_prompt_tokens_total", "Prompt tokens of successful requests.");
  Family<Counter>& generation_tokens = Counters(registry, "assay_generation_tokens_total",
                                                "Tokens generated by successful requests.");
  Family<Counter>& cost =
      Counters(registry, "assay_request_cost_dollars_total",
               "Cost of successful requests by the server's economics settings.");
  Family<Gauge>& running =
      Gauges(registry, "assay_requests_running", "Requests being computed now.");
  Family<Gauge>& waiting =
      Gauges(registry, "assay_requests_waiting", "Requests waiting for their model now.");
  Family<Gauge>& model_state =
      Gauges(registry, "assay_model_state", "1 for the state the model is in, 0 for the others.");
  Family<Histogram>& load_duration =
      Histograms(registry, "assay_model_load_duration_seconds", "Time of successful model loads.");
  Family<Counter>& loads =
      Counters(registry, "assay_model_loads_total", "Model loads by their result.");
  Family<Counter>& unloads =
      Counters(registry, "assay_model_unloads_total", "Model unloads by their cause.");
  Family<Gauge>& breaker_state =
      Gauges(registry, "assay_breaker_state",
             "Circuit breaker of the model: 0 closed, 1 half open, 2 open.");
  Family<Counter>& breaker_transitions =
      Counters(registry, "assay_breaker_transitions_total",
               "Changes of the model's circuit breaker by the state it went to.");
  Family<Gauge>& model_bytes = Gauges(registry, "assay_model_resident_bytes",
                                      "Memory held by the model, 0 when it is not loaded.");
  Family<Gauge>& process_bytes =
      Gauges(registry, "assay_process_resident_memory_bytes", "Resident memory of the process.");
  Family<Gauge>& process_peak_bytes =
      Gauges(registry, "assay_process_resident_memory_peak_bytes",
             "Highest resident memory since the start or the last measured generation.");
  Family<Gauge>& device_bytes = Gauges(registry, "assay_device_memory_bytes",
                                       "Memory that this process holds on the device.");
  Family<Counter>& evaluations =
      Counters(registry, "assay_evaluations_total", "Finished evaluations by their last state.");
  Family<Counter>& samples =
      Counters(registry, "assay_evaluation_samples_total", "Generations made by evaluations.");
  Family<Gauge>& score =
      Gauges(registry, "assay_evaluation_score", "Mean quality score of the last evaluation.");
  Family<Gauge>& score_lower =
      Gauges(registry, "assay_evaluation_score_lower",
             "Lower bound of the confidence interval of assay_evaluation_score.");
  Family<Gauge>& score_upper =
      Gauges(registry, "assay_evaluation_score_upper",
             "Upper bound of the confidence interval of assay_evaluation_score.");
  Family<Gauge>& outbox_entries =
      Gauges(registry, "assay_mlflow_outbox_entries", "Runs waiting to be sent to MLflow.");
  Family<Counter>& uploads = Counters(registry, "assay_mlflow_uploads_total",
                                      "Attempts to send a run to MLflow by their result.");
  Family<Gauge>& build_info =
      Gauges(registry, "assay_build_info", "Always 1; what is running is in the labels.");

  Gauge& process = process_bytes.Add({});
  Gauge& process_peak = process_peak_bytes.Add({});
  Gauge& outbox = outbox_entries.Add({});
  std::array<Counter*, kEvaluationStates.size()> evaluation_states = {};
  std::array<Counter*, kUploadResults.size()> upload_results = {};

  absl::Mutex mutex;
  std::shared_ptr<const Names> names ABSL_GUARDED_BY(mutex);
};

// The series of one model, resolved once.
struct Metrics::ModelSeries {
  ModelSeries(Series* series, const std::vector<std::string>& types, const std::string& name)
      : model(name),
        content_types(types),
        families(series),
        duration(series->duration.Add({{"model", name}}, DurationEdges())),
        queue(series->queue.Add({{"model", name}}, DurationEdges())),
        prefill(series->prefill.Add({{"model", name}}, DurationEdges())),
        first_token(series->first_token.Add({{"model", name}}, FirstTokenEdges())),
        per_token(series->per_token.Add({{"model", name}}, PerTokenEdges())),
        prompt_tokens(series->prompt_tokens.Add({{"model", name}})),
        generation_tokens(series->generation_tokens.Add({{"model", name}})),
        cost(series->cost.Add({{"model", name}})),
        running(series->running.Add({{"model", name}})),
        waiting(series->waiting.Add({{"model", name}})),
        load_duration(series->load_duration.Add({{"model", name}}, DurationEdges())),
        load_failed(series->loads.Add({{"model", name}, {"result", "failed"}})),
        load_succeeded(series->loads.Add({{"model", name}, {"result", "succeeded"}})),
        resident_bytes(series->model_bytes.Add({{"model", name}})),
        breaker(series->breaker_state.Add({{"model", name}})),
        requests(types.size() * kRoutes.size() * kStatuses.size()),
        samples(types.size()) {
    for (size_t i = 0; i < kUnloadCauses.size(); ++i) {
      unloads[i] =
          &series->unloads.Add({{"model", name}, {"cause", std::string(kUnloadCauses[i])}});
    }
    for (size_t i = 0; i < kBreakerStates.size(); ++i) {
      breaker_transitions[i] = &series->breaker_transitions.Add(
          {{"model", name}, {"to", std::string(kBreakerStates[i])}});
    }
    for (size_t i = 0; i < kModelStates.size(); ++i) {
      states[i] =
          &series->model_state.Add({{"model", name}, {"state", std::string(kModelStates[i])}});
    }
    for (size_t type = 0; type < types.size(); ++type) {
      for (size_t route = 0; route < kRoutes.size(); ++route) Requests(type, route, 0);
      for (size_t outcome = 0; outcome < kOutcomes.size(); ++outcome) {
        samples[type][outcome] =
            &series->samples.Add({{"model", name},
                                  {"content_type", types[type]},
                                  {"outcome", std::string(kOutcomes[outcome])}});
      }
    }
  }

  // Only success is there from the start: 17 codes each would be mostly zeros for ever.
  Counter& Requests(size_t type, size_t route, size_t status) const {
    std::atomic<Counter*>& slot =
        requests[(type * kRoutes.size() + route) * kStatuses.size() + status];
    Counter* counter = slot.load(std::memory_order_acquire);
    if (counter == nullptr) {
      // Two threads may both come here: Add gives both the same counter.
      counter = &families->requests.Add({{"model", model},
                                         {"content_type", content_types[type]},
                                         {"route", std::string(kRoutes[route])},
                                         {"status", std::string(kStatuses[status])}});
      slot.store(counter, std::memory_order_release);
    }
    return *counter;
  }

  const std::string model;
  const std::vector<std::string>& content_types;
  Series* const families;
  Histogram& duration;
  Histogram& queue;
  Histogram& prefill;
  Histogram& first_token;
  Histogram& per_token;
  Counter& prompt_tokens;
  Counter& generation_tokens;
  Counter& cost;
  Gauge& running;
  Gauge& waiting;
  Histogram& load_duration;
  Counter& load_failed;
  Counter& load_succeeded;
  std::array<Counter*, kUnloadCauses.size()> unloads = {};
  Gauge& resident_bytes;
  Gauge& breaker;
  std::array<Counter*, kBreakerStates.size()> breaker_transitions = {};
  std::array<Gauge*, kModelStates.size()> states = {};
  // Filled as they are used.
  mutable std::vector<std::atomic<Counter*>> requests;
  std::vector<std::array<Counter*, kOutcomes.size()>> samples;
};

// What Declare() said; never changed.
struct Metrics::Names {
  const ModelSeries& Model(std::string_view model) const {
    const auto it = models.find(absl::string_view(model.data(), model.size()));
    return it == models.end() ? *other : *it->second;
  }
  int ContentType(std::string_view content_type) const {
    const int index = IndexOf(content_types, content_type);
    return index < 0 ? static_cast<int>(content_types.size()) - 1 : index;
  }

  // The last one is kOther.
  std::vector<std::string> content_types;
  absl::flat_hash_map<std::string, std::unique_ptr<ModelSeries>> models;
  ModelSeries* other = nullptr;
};

class Metrics::Scrape : public prometheus::Collectable {
 public:
  explicit Scrape(Metrics* metrics) : metrics_(metrics) {}

  void SetRefresh(RefreshFn refresh) {
    const absl::MutexLock lock(&mutex_);
    refresh_ = std::move(refresh);
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    const absl::MutexLock lock(&mutex_);
    if (refresh_ != nullptr) refresh_(metrics_);
    return metrics_->series_->registry.Collect();
  }

 private:
  Metrics* const metrics_;
  mutable absl::Mutex mutex_;
  RefreshFn refresh_ ABSL_GUARDED_BY(mutex_);
};

Metrics::Metrics(const BuildInfo& build)
    : series_(std::make_unique<Series>()), scrape_(std::make_shared<Scrape>(this)) {
  series_->build_info
      .Add({{"version", build.version},
            {"torch_version", build.torch_version},
            {"device", build.device}})
      .Set(1);
  for (size_t i = 0; i < kEvaluationStates.size(); ++i) {
    series_->evaluation_states[i] =
        &series_->evaluations.Add({{"state", std::string(kEvaluationStates[i])}});
  }
  for (size_t i = 0; i < kUploadResults.size(); ++i) {
    series_->upload_results[i] =
        &series_->uploads.Add({{"result", std::string(kUploadResults[i])}});
  }
  Declare({}, {});
}

Metrics::~Metrics() = default;

void Metrics::Declare(const std::vector<std::string>& models,
                      const std::vector<std::string>& content_types) {
  auto names = std::make_shared<Names>();
  names->content_types = content_types;
  names->content_types.emplace_back(kOther);
  const auto add = [&](const std::string& model) {
    auto series = std::make_unique<ModelSeries>(series_.get(), names->content_types, model);
    return names->models.try_emplace(model, std::move(series)).first->second.get();
  };
  for (const std::string& model : models) add(model);
  names->other = add(std::string(kOther));
  const absl::MutexLock lock(&series_->mutex);
  series_->names = std::move(names);
}

std::shared_ptr<const Metrics::Names> Metrics::CurrentNames() const {
  const absl::MutexLock lock(&series_->mutex);
  return series_->names;
}

void Metrics::SetRefresh(RefreshFn refresh) { scrape_->SetRefresh(std::move(refresh)); }

void Metrics::RecordRequest(const RequestObservation& request) {
  const std::shared_ptr<const Names> names = CurrentNames();
  const ModelSeries& model = names->Model(request.model);
  const int route = IndexOf(kRoutes, request.route);
  const auto code = static_cast<size_t>(request.status);
  model
      .Requests(names->ContentType(request.content_type),
                route < 0 ? kRoutes.size() - 1 : static_cast<size_t>(route),
                code < kStatuses.size() ? code : kUnknownStatus)
      .Increment();
  model.duration.Observe(request.duration_seconds);
  if (request.status != absl::StatusCode::kOk) return;
  model.queue.Observe(request.queue_seconds);
  model.prefill.Observe(request.prefill_seconds);
  if (request.generated_tokens > 0) model.first_token.Observe(request.first_token_seconds);
  if (request.generated_tokens > 1) model.per_token.Observe(request.per_token_seconds);
  model.prompt_tokens.Increment(request.prompt_tokens);
  model.generation_tokens.Increment(request.generated_tokens);
  model.cost.Increment(request.cost_dollars);
}

void Metrics::SetQueue(std::string_view model, int running, int waiting) {
  const std::shared_ptr<const Names> names = CurrentNames();
  const ModelSeries& series = names->Model(model);
  series.running.Set(running);
  series.waiting.Set(waiting);
}

void Metrics::SetModelState(std::string_view model, std::string_view state) {
  const std::shared_ptr<const Names> names = CurrentNames();
  const ModelSeries& series = names->Model(model);
  for (size_t i = 0; i < kModelStates.size(); ++i) {
    series.states[i]->Set(kModelStates[i] == state ? 1 : 0);
  }
}

void Metrics::RecordModelLoad(std::string_view model, bool succeeded, double seconds) {
  const std::shared_ptr<const Names> names = CurrentNames();
  const ModelSeries& series = names->Model(model);
  (succeeded ? series.load_succeeded : series.load_failed).Increment();
  if (succeeded) series.load_duration.Observe(seconds);
}

void Metrics::RecordModelUnload(std::string_view model, std::string_view cause) {
  const int index = IndexOf(kUnloadCauses, cause);
  CurrentNames()->Model(model).unloads[std::max(index, 0)]->Increment();
}

void Metrics::SetBreaker(std::string_view model, std::string_view state) {
  const int index = IndexOf(kBreakerStates, state);
  if (index >= 0) CurrentNames()->Model(model).breaker.Set(index);
}

void Metrics::RecordBreakerTransition(std::string_view model, std::string_view state) {
  const int index = IndexOf(kBreakerStates, state);
  if (index >= 0) CurrentNames()->Model(model).breaker_transitions[index]->Increment();
}

void Metrics::SetModelResidentBytes(std::string_view model, int64_t bytes) {
  CurrentNames()->Model(model).resident_bytes.Set(static_cast<double>(bytes));
}

void Metrics::SetProcessMemory(int64_t resident_bytes, int64_t peak_bytes) {
  series_->process.Set(static_cast<double>(resident_bytes));
  series_->process_peak.Set(static_cast<double>(peak_bytes));
}

void Metrics::SetDeviceMemory(const std::string& device, int64_t bytes) {
  series_->device_bytes.Add({{"device", device}}).Set(static_cast<double>(bytes));
}

void Metrics::RecordEvaluation(std::string_view state) {
  const int index = IndexOf(kEvaluationStates, state);
  if (index >= 0) series_->evaluation_states[index]->Increment();
}

void Metrics::RecordEvaluationSample(std::string_view model, std::string_view content_type,
                                     bool succeeded) {
  const std::shared_ptr<const Names> names = CurrentNames();
  names->Model(model).samples[names->ContentType(content_type)][succeeded ? 1 : 0]->Increment();
}

void Metrics::SetEvaluationScore(std::string_view model, std::string_view content_type, double mean,
                                 std::optional<double> lower, std::optional<double> upper) {
  const std::shared_ptr<const Names> names = CurrentNames();
  const prometheus::Labels labels = {
      {"model", names->Model(model).model},
      {"content_type", names->content_types[names->ContentType(content_type)]}};
  series_->score.Add(labels).Set(mean);
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  series_->score_lower.Add(labels).Set(lower.value_or(kNone));
  series_->score_upper.Add(labels).Set(upper.value_or(kNone));
}

void Metrics::SetMlflowOutboxEntries(int64_t entries) {
  series_->outbox.Set(static_cast<double>(entries));
}

void Metrics::RecordMlflowUpload(UploadResult result) {
  series_->upload_results[static_cast<size_t>(result)]->Increment();
}

std::weak_ptr<prometheus::Collectable> Metrics::collectable() const { return scrape_; }

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(scrape_->Collect());
}

}  // namespace assay::server
