// The daemon's own Prometheus metrics.
#include "server/telemetry/metrics.h"

#include <algorithm>
#include <array>
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
#include "base/mutex_lock.h"
#include "prometheus/metric_family.h"
#include "prometheus/text_serializer.h"
#include "server/telemetry/metric_families.h"
#include "server/telemetry/process_metrics.h"

namespace assay::server {
namespace {

size_t StatusIndex(absl::StatusCode status) {
  const auto code = static_cast<size_t>(status);
  return code < kStatuses.size() ? code : kUnknownStatus;
}

absl::string_view Key(std::string_view name) { return {name.data(), name.size()}; }

void Advance(prometheus::Counter& counter, double total) {
  counter.Increment(std::max(0.0, total - counter.Value()));
}

double Timestamp(absl::Time when) { return absl::ToUnixMicros(when) / 1e6; }

// Observes all gaps of a request under one lock of the histogram.
void ObserveGaps(absl::Span<const absl::Duration> gaps, prometheus::Histogram& histogram) {
  if (gaps.empty()) return;
  const std::vector<double>& edges = InterTokenEdges();
  std::vector<double> counts(edges.size() + 1);
  double sum = 0;
  for (const absl::Duration gap : gaps) {
    const double seconds = absl::ToDoubleSeconds(gap);
    const auto bucket = std::lower_bound(edges.begin(), edges.end(), seconds) - edges.begin();
    counts[static_cast<size_t>(bucket)] += 1;
    sum += seconds;
  }
  histogram.ObserveMultiple(counts, sum);
}

}  // namespace

// The label values given to Declare(). Immutable.
struct Metrics::Names {
  const ModelSeries& Model(std::string_view model) const {
    const auto it = models.find(Key(model));
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

struct Metrics::State {
  explicit State(std::string default_device) : device(std::move(default_device)) {}

  MetricFamilies families;
  const std::string device;
  absl::Mutex mutex;
  std::shared_ptr<const Names> names ABSL_GUARDED_BY(mutex);
  // Indexed by method, then by status. Filled on first use.
  using Calls = std::array<prometheus::Counter*, kStatuses.size()>;
  absl::flat_hash_map<std::string, Calls> calls ABSL_GUARDED_BY(mutex);

  prometheus::Counter& Call(std::string_view method, size_t status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    auto it = calls.find(Key(method));
    if (it == calls.end()) it = calls.find(Key(kOther));
    prometheus::Counter*& counter = it->second[status];
    if (counter == nullptr) {
      counter =
          &families.calls.Add({{"method", it->first}, {"status", std::string(kStatuses[status])}});
    }
    return *counter;
  }
};

class Metrics::Scrape : public prometheus::Collectable {
 public:
  explicit Scrape(Metrics* metrics) : metrics_(metrics) {}

  void SetRefresh(RefreshFn refresh) {
    const MutexLock lock(mutex_);
    refresh_ = std::move(refresh);
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    const MutexLock lock(mutex_);
    if (refresh_ != nullptr) refresh_(metrics_);
    std::vector<prometheus::MetricFamily> all = metrics_->state_->families.registry.Collect();
    std::vector<prometheus::MetricFamily> process = CollectProcessMetrics();
    std::move(process.begin(), process.end(), std::back_inserter(all));
    return all;
  }

 private:
  Metrics* const metrics_;
  mutable absl::Mutex mutex_;
  RefreshFn refresh_ ABSL_GUARDED_BY(mutex_);
};

Metrics::Metrics(const BuildInfo& build)
    : state_(std::make_unique<State>(build.device)), scrape_(std::make_shared<Scrape>(this)) {
  state_->families.build_info
      .Add({{"version", build.version},
            {"torch_version", build.torch_version},
            {"device", build.device}})
      .Set(1);
  Declare({}, {});
  DeclareMethods({});
}

Metrics::~Metrics() = default;

void Metrics::Declare(const std::vector<std::string>& models,
                      const std::vector<std::string>& content_types) {
  auto names = std::make_shared<Names>();
  names->content_types = content_types;
  names->content_types.emplace_back(kOther);
  const auto add = [&](const std::string& model) {
    auto series = std::make_unique<ModelSeries>(&state_->families, names->content_types, model);
    return names->models.try_emplace(model, std::move(series)).first->second.get();
  };
  for (const std::string& model : models) add(model);
  names->other = add(std::string(kOther));
  std::shared_ptr<const Names> before = names;
  {
    const MutexLock lock(state_->mutex);
    before.swap(state_->names);
  }
  for (const auto& [name, series] : names->models) {
    if (before == nullptr || !before->models.contains(name)) SetModelUse(name, {});
  }
  // Models that were removed no longer use anything.
  if (before == nullptr) return;
  for (const auto& [name, series] : before->models) {
    if (names->models.contains(name)) continue;
    series->running.Set(0);
    series->waiting.Set(0);
    series->expected_wait.Set(0);
    series->cache_usage.Set(0);
    series->cache_capacity.Set(0);
    series->breaker.Set(0);
    state_->families.SetModelMemory(name, state_->device, {});
    for (prometheus::Gauge* state : series->states) state->Set(0);
  }
}

void Metrics::DeclareMethods(const std::vector<std::string>& methods) {
  const MutexLock lock(state_->mutex);
  for (const std::string& method : methods) state_->calls.try_emplace(method);
  state_->calls.try_emplace(std::string(kOther));
  for (const auto& [method, calls] : state_->calls) state_->Call(method, 0);
}

std::shared_ptr<const Metrics::Names> Metrics::CurrentNames() const {
  const MutexLock lock(state_->mutex);
  return state_->names;
}

void Metrics::SetRefresh(RefreshFn refresh) { scrape_->SetRefresh(std::move(refresh)); }

void Metrics::RecordRequest(const RequestObservation& request) {
  const std::shared_ptr<const Names> names = CurrentNames();
  const ModelSeries& model = names->Model(request.model);
  const int route = IndexOf(kRoutes, request.route);
  model
      .Requests(static_cast<size_t>(names->ContentType(request.content_type)),
                route < 0 ? kRoutes.size() - 1 : static_cast<size_t>(route),
                StatusIndex(request.status))
      .Increment();
  model.duration.Observe(request.duration_seconds);
  if (request.status != absl::StatusCode::kOk) return;
  model.queue.Observe(request.queue_seconds);
  model.prefill.Observe(request.prefill_seconds);
  if (request.generated_tokens > 0) model.first_token.Observe(request.first_token_seconds);
  if (request.generated_tokens > 1) model.per_token.Observe(request.per_token_seconds);
  ObserveGaps(request.token_gaps, model.inter_token);
  model.request_prompt_tokens.Observe(request.prompt_tokens);
  model.request_generation_tokens.Observe(request.generated_tokens);
  model.prompt_tokens.Increment(request.prompt_tokens);
  model.generation_tokens.Increment(request.generated_tokens);
  if (request.reuse_prefix) model.prefix_queries.Increment(request.prompt_tokens);
  model.prefix_hits.Increment(request.cached_tokens);
  model.drafted.Increment(request.drafted_tokens);
  model.accepted.Increment(request.accepted_tokens);
  model.preemptions.Increment(request.preemptions);
  model.cost.Increment(request.cost_dollars);
  model.hosted_cost.Increment(request.hosted_dollars);
  model.energy.Increment(request.energy_joules);
}

void Metrics::RecordFeedback(const FeedbackObservation& feedback) {
  const std::shared_ptr<const Names> names = CurrentNames();
  const ModelSeries& model = names->Model(feedback.model);
  const FeedbackSeries& series =
      model.feedback[static_cast<size_t>(names->ContentType(feedback.content_type))];
  const int verdict = IndexOf(kVerdicts, feedback.verdict);
  if (verdict >= 0) series.verdicts[static_cast<size_t>(verdict)]->Increment();
  if (feedback.rating.has_value()) {
    series.ratings->Increment();
    series.rating_points->Increment(*feedback.rating);
  }
  if (feedback.conversion_dollars.has_value()) {
    series.conversions->Increment();
    series.conversion_dollars->Increment(*feedback.conversion_dollars);
  }
}

void Metrics::SetForgottenAnswers(int64_t answers) {
  Advance(state_->families.answers_forgotten, static_cast<double>(answers));
}

void Metrics::SetRecordedPrompts(int64_t recorded, int64_t dropped) {
  Advance(state_->families.prompts_recorded, static_cast<double>(recorded));
  Advance(state_->families.prompts_dropped, static_cast<double>(dropped));
}

void Metrics::RecordCall(std::string_view method, absl::StatusCode status) {
  const MutexLock lock(state_->mutex);
  state_->Call(method, StatusIndex(status)).Increment();
}

void Metrics::SetModelUse(std::string_view model, const ModelUse& use) {
  const std::shared_ptr<const Names> names = CurrentNames();
  const ModelSeries& series = names->Model(model);
  series.running.Set(use.running);
  series.waiting.Set(use.waiting);
  series.expected_wait.Set(absl::ToDoubleSeconds(use.expected_wait));
  const auto capacity = static_cast<double>(use.cache_capacity_tokens);
  series.cache_usage.Set(capacity > 0 ? static_cast<double>(use.cached_tokens) / capacity : 0);
  series.cache_capacity.Set(capacity);
  state_->families.SetModelMemory(series.model, use.device.empty() ? state_->device : use.device,
                                  {use.weight_bytes, use.kv_cache_bytes, use.working_bytes});
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
  series.loads[succeeded ? 1 : 0]->Increment();
  if (succeeded) series.load_duration.Observe(seconds);
}

void Metrics::RecordModelUnload(std::string_view model, std::string_view cause) {
  const int index = IndexOf(kUnloadCauses, cause);
  CurrentNames()->Model(model).unloads[static_cast<size_t>(std::max(index, 0))]->Increment();
}

void Metrics::SetBreaker(std::string_view model, std::string_view state) {
  const int index = IndexOf(kBreakerStates, state);
  if (index >= 0) CurrentNames()->Model(model).breaker.Set(index);
}

void Metrics::RecordBreakerTransition(std::string_view model, std::string_view state) {
  const int index = IndexOf(kBreakerStates, state);
  if (index < 0) return;
  CurrentNames()->Model(model).breaker_transitions[static_cast<size_t>(index)]->Increment();
}

void Metrics::SetDownloadsRunning(int count) { state_->families.downloads_running.Set(count); }

void Metrics::RecordDownload(bool succeeded, int64_t bytes, double seconds) {
  state_->families.download_results[succeeded ? 1 : 0]->Increment();
  state_->families.download_bytes.Increment(static_cast<double>(bytes));
  if (succeeded) state_->families.download_duration.Observe(seconds);
}

void Metrics::SetCatalogRead(absl::Time when) {
  state_->families.catalog_reload_time.Set(Timestamp(when));
}

void Metrics::RecordCatalogReload(bool succeeded, absl::Time when) {
  state_->families.reload_results[succeeded ? 1 : 0]->Increment();
  if (succeeded) SetCatalogRead(when);
}

void Metrics::SetCertificateExpiry(absl::Time when) {
  state_->families.certificate_expiry.Add({}).Set(Timestamp(when));
}

void Metrics::SetProcessPeak(int64_t bytes) {
  state_->families.process_peak.Set(static_cast<double>(bytes));
}

void Metrics::SetMemoryBudget(int64_t used_bytes, int64_t budget_bytes) {
  state_->families.memory_used.Set(static_cast<double>(used_bytes));
  state_->families.memory_budget.Set(static_cast<double>(budget_bytes));
}

void Metrics::SetDeviceMemory(const std::string& device, int64_t bytes) {
  state_->families.device_bytes.Add({{"device", device}}).Set(static_cast<double>(bytes));
}

void Metrics::SetMachineEnergy(const std::string& source, double joules) {
  Advance(state_->families.machine_energy.Add({{"source", source}}), joules);
}

void Metrics::SetEvaluationsRunning(int count) { state_->families.evaluations_running.Set(count); }

void Metrics::SetLastEvaluation(absl::Time when) {
  prometheus::Gauge& last = state_->families.evaluation_success_time;
  last.Set(std::max(last.Value(), Timestamp(when)));
}

void Metrics::RecordEvaluation(std::string_view state, double seconds, absl::Time when) {
  const int index = IndexOf(kEvaluationStates, state);
  if (index < 0) return;
  state_->families.evaluation_states[static_cast<size_t>(index)]->Increment();
  if (index != 0) return;
  state_->families.evaluation_duration.Observe(seconds);
  SetLastEvaluation(when);
}

void Metrics::RecordEvaluationSample(std::string_view model, std::string_view content_type,
                                     bool succeeded) {
  const std::shared_ptr<const Names> names = CurrentNames();
  names->Model(model)
      .samples[static_cast<size_t>(names->ContentType(content_type))][succeeded ? 1 : 0]
      ->Increment();
}

void Metrics::SetEvaluationScore(std::string_view model, std::string_view content_type, double mean,
                                 std::optional<double> lower, std::optional<double> upper) {
  const std::shared_ptr<const Names> names = CurrentNames();
  const prometheus::Labels labels = {
      {"model", names->Model(model).model},
      {"content_type",
       names->content_types[static_cast<size_t>(names->ContentType(content_type))]}};
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  state_->families.score.Add(labels).Set(mean);
  state_->families.score_lower.Add(labels).Set(lower.value_or(kNone));
  state_->families.score_upper.Add(labels).Set(upper.value_or(kNone));
}

void Metrics::SetMlflowOutbox(int64_t entries, double oldest_age_seconds) {
  state_->families.outbox_entries.Set(static_cast<double>(entries));
  state_->families.outbox_age.Set(oldest_age_seconds);
}

void Metrics::RecordMlflowUpload(UploadResult result) {
  state_->families.upload_results[static_cast<size_t>(result)]->Increment();
}

void Metrics::SetSpans(int64_t exported, int64_t dropped, int64_t failed) {
  const std::array<int64_t, kSpanResults.size()> totals = {exported, dropped, failed};
  for (size_t i = 0; i < totals.size(); ++i) {
    Advance(*state_->families.span_results[i], static_cast<double>(totals[i]));
  }
}

std::weak_ptr<prometheus::Collectable> Metrics::collectable() const { return scrape_; }

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(scrape_->Collect());
}

}  // namespace assay::server
