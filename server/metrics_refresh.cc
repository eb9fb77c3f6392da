// Sets the gauges that are read at a scrape.
#include "server/metrics_refresh.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/runtime/language_model.h"
#include "server/serving/served_model.h"

namespace assay::server {
namespace {

ModelUse UseOf(const ServedModel& served) {
  const engine::LoadedModelInfo& info = served.info();
  const engine::LanguageModel* model = served.language_model();
  return {.running = model == nullptr ? served.encoder()->running() : model->running(),
          .waiting = model == nullptr ? 0 : model->waiting(),
          .expected_wait = model == nullptr ? absl::ZeroDuration() : model->expected_wait(),
          .cached_tokens = model == nullptr ? 0 : model->cached_tokens(),
          .cache_capacity_tokens = info.cache_tokens,
          .weight_bytes = info.weight_bytes,
          .kv_cache_bytes = info.kv_cache_bytes,
          .working_bytes = info.working_bytes,
          .device = served.device().name};
}

}  // namespace

MetricsRefresh::MetricsRefresh(Sources sources)
    : sources_(std::move(sources)),
      initial_joules_(sources_.energy == nullptr ? 0 : sources_.energy->Joules()) {}

void MetricsRefresh::Refresh(Metrics* metrics) const {
  metrics->SetProcessPeak(sources_.memory->PeakBytes());
  metrics->SetDeviceMemory(sources_.device.name, engine::DeviceMemoryInUse(sources_.device));
  metrics->SetMemoryBudget(sources_.manager->used_bytes(), sources_.manager->budget_bytes());
  if (sources_.energy != nullptr) {
    metrics->SetMachineEnergy(sources_.energy->source(),
                              sources_.energy->Joules() - initial_joules_);
  }
  RefreshModels(metrics);
  metrics->SetEvaluationsRunning(sources_.evaluation->runner().unfinished());
  RefreshOutbox(metrics);
  metrics->SetForgottenAnswers(sources_.answers->forgotten());
  const RecorderCounts prompts = sources_.prompts->counts();
  metrics->SetRecordedPrompts(prompts.recorded, prompts.dropped);
  if (sources_.certificates != nullptr) {
    metrics->SetCertificateExpiry(sources_.certificates->expires_at());
  }
  if (sources_.exporter != nullptr) {
    const SpanCounts spans = sources_.exporter->counts();
    metrics->SetSpans(spans.exported, spans.dropped, spans.failed);
  }
}

void MetricsRefresh::RefreshModels(Metrics* metrics) const {
  const std::shared_ptr<const registry::Catalog> catalog = sources_.manager->catalog();
  for (const registry::ModelEntry& entry : catalog->models) {
    ModelUse use;
    const bool resident = sources_.manager->VisitResident(
        entry.id, [&use](registry::ResidentModel& model) { use = UseOf(Served(model)); });
    if (!resident && !sources_.events->IsDeclared(entry.id)) continue;
    metrics->SetModelUse(entry.id, use);
    metrics->SetBreaker(entry.id, BreakerStateName(sources_.breakers->Get(entry.id).state));
  }
}

void MetricsRefresh::RefreshOutbox(Metrics* metrics) const {
  if (!sources_.evaluation->uses_mlflow()) return metrics->SetMlflowOutbox(0, 0);
  evaluator::RunStore& store = sources_.evaluation->store();
  const absl::StatusOr<int64_t> depth = store.OutboxDepth();
  const absl::StatusOr<absl::Time> oldest = store.OldestOutbox();
  if (!depth.ok() || !oldest.ok()) return;
  const absl::Duration age = std::max(absl::Now() - *oldest, absl::ZeroDuration());
  metrics->SetMlflowOutbox(*depth, absl::ToDoubleSeconds(age));
}

}  // namespace assay::server
