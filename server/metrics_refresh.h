// Sets the gauges that are read at a scrape.
#ifndef ASSAY_SERVER_METRICS_REFRESH_H_
#define ASSAY_SERVER_METRICS_REFRESH_H_

#include "engine/runtime/device.h"
#include "evaluator/records/energy.h"
#include "evaluator/records/text_generator.h"
#include "registry/residency/manager.h"
#include "server/evaluation_stack.h"
#include "server/events/daemon_events.h"
#include "server/feedback/answer_memory.h"
#include "server/recording/prompt_recorder.h"
#include "server/serving/model_breakers.h"
#include "server/telemetry/metrics.h"
#include "server/tls/certificate_watch.h"
#include "server/tracing/span_exporter.h"

namespace assay::server {

// Reads queues, memory, energy, breakers and outbox. Refresh() is called by one scrape at a time
// and reads the run store.
class MetricsRefresh {
 public:
  // Every pointer must outlive this object.
  struct Sources {
    engine::DeviceInfo device;
    const registry::Manager* manager;
    const ModelBreakers* breakers;
    const DaemonEvents* events;
    EvaluationStack* evaluation;
    const AnswerMemory* answers;
    const PromptRecorder* prompts;
    evaluator::MemoryProbe* memory;
    // nullptr: the machine has no energy meter, or it is not used.
    evaluator::EnergyMeter* energy;
    // nullptr: traces are off.
    const SpanExporter* exporter;
    // nullptr: TLS is off.
    const CertificateWatch* certificates;
  };

  // Energy is counted from now on.
  explicit MetricsRefresh(Sources sources);

  void Refresh(Metrics* metrics) const;

 private:
  void RefreshModels(Metrics* metrics) const;
  void RefreshOutbox(Metrics* metrics) const;

  const Sources sources_;
  // The reading of the energy meter at construction.
  const double initial_joules_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_METRICS_REFRESH_H_
