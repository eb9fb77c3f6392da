// Measurement of single generations.
#include "evaluator/run/sample_measurer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "evaluator/economics/economics.h"
#include "evaluator/plan/plan.h"
#include "evaluator/run/error_text.h"

namespace assay::evaluator {
namespace {

constexpr int kWarmUpTokens = 8;
// Differs from the measured prompts, so that it puts none of them into a cache.
constexpr char kWarmUpPrompt[] = "Write one sentence about the weather.";

}  // namespace

GenerationJob SampleMeasurer::MakeRequest(const Candidate& candidate,
                                          const EvaluationPrompt& prompt, int repeat) const {
  std::string system = candidate.system;
  if (!system.empty() && !prompt.system.empty()) system += "\n\n";
  system += prompt.system;
  Sampling sampling = candidate.sampling.value_or(plan_.sampling);
  sampling.seed = SampleSeed(sampling.seed, prompt.id, repeat);
  return {.model = candidate.model,
          .system = std::move(system),
          .prompt = prompt.prompt,
          .sampling = sampling,
          .max_new_tokens = plan_.max_new_tokens,
          .timeout = plan_.timeout};
}

void SampleMeasurer::WarmUp(const Candidate& candidate, const CallContext& context) {
  GenerationJob request = MakeRequest(candidate, {.prompt = kWarmUpPrompt}, 0);
  request.max_new_tokens = std::min(kWarmUpTokens, request.max_new_tokens);
  dependencies_.generator->Generate(request, context).IgnoreError();
}

absl::StatusOr<absl::Duration> SampleMeasurer::MakeResident(const Candidate& candidate,
                                                            const CallContext& context) {
  absl::StatusOr<absl::Duration> load =
      dependencies_.generator->MakeResident(candidate.model, context);
  // The first text after a load is slower than the following ones.
  if (load.ok() && *load > absl::ZeroDuration()) WarmUp(candidate, context);
  return load;
}

bool SampleMeasurer::Measure(const Candidate& candidate, const PreparedModel& model,
                             const EvaluationPrompt& prompt, int repeat, const CallContext& context,
                             Sample* sample) {
  const GenerationJob request = MakeRequest(candidate, prompt, repeat);
  sample->model = model.name;
  sample->content_type = prompt.content_type;
  sample->prompt_id = prompt.id;
  sample->repeat = repeat;
  sample->seed = request.sampling.seed;
  if (!model.load.ok()) {
    sample->error = ErrorText(model.load.status());
    return true;
  }
  sample->revision = model.load->revision;

  const absl::StatusOr<absl::Duration> load = MakeResident(candidate, context);
  absl::StatusOr<Generation> generation =
      load.ok() ? Generate(request, context, sample) : absl::StatusOr<Generation>(load.status());
  if (!generation.ok()) {
    // A stopping server may fail requests with other codes than CANCELLED.
    if (context.IsDone()) return false;
    sample->error = ErrorText(generation.status());
    return true;
  }
  sample->generation = *std::move(generation);
  sample->generation.load_ms += absl::ToDoubleMilliseconds(*load);
  const int tokens = sample->generation.prompt_tokens + sample->generation.completion_tokens;
  sample->memory.kv_cache_bytes = std::llround(model.load->kv_bytes_per_token * tokens);
  const absl::Duration busy =
      absl::Milliseconds(sample->generation.total_ms - sample->generation.queue_ms);
  if (sample->energy.source.empty()) sample->energy = StatedEnergy(economics_, busy);
  sample->cost_usd = RequestCost(economics_, sample->energy, busy);
  return true;
}

absl::StatusOr<Generation> SampleMeasurer::Generate(const GenerationJob& request,
                                                    const CallContext& context, Sample* sample) {
  MemoryProbe& probe = *dependencies_.memory;
  MemoryUse& memory = sample->memory;
  probe.ResetPeak();
  memory.before_bytes = probe.ResidentBytes();
  EnergyMeter* const meter = dependencies_.options->energy;
  const double joules_before = meter == nullptr ? 0 : meter->Joules();
  absl::StatusOr<Generation> generation = dependencies_.generator->Generate(request, context);
  const double joules = meter == nullptr ? 0 : meter->Joules() - joules_before;
  memory.after_bytes = probe.ResidentBytes();
  memory.peak_bytes = std::max({probe.PeakBytes(), memory.before_bytes, memory.after_bytes});
  memory.device_bytes = dependencies_.generator->DeviceBytes();
  // A meter that did not advance (a short text, a counter that stopped) has measured nothing. A
  // meter that also measured a load has measured something else.
  if (generation.ok() && joules > 0 && generation->load_ms == 0) {
    sample->energy = {.joules = joules, .source = meter->source()};
  }
  return generation;
}

}  // namespace assay::evaluator
