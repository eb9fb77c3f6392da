// Lets evaluations use the server's own generation.
#include "server/serving/served_generator.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "server/serving/served_model.h"

namespace assay::server {
namespace {

// Returns when the model was last loaded; the infinite past if the catalog lacks it.
SteadyTime LoadedAt(const registry::Manager& manager, const std::string& model) {
  const absl::StatusOr<registry::ModelStatus> status = manager.Get(model);
  return status.ok() ? status->resident_since : SteadyTime::InfinitePast();
}

class JobObserver final : public GenerationObserver {
 public:
  explicit JobObserver(const registry::Manager* manager) : manager_(manager) {}
  void OnStarted(const registry::RouteDecision& /*route*/, const registry::Handle& model) override {
    revision = model.revision();
    accepted = SteadyTime::Now();
    loaded = LoadedAt(*manager_, model.entry().id);
  }

  std::string revision;
  SteadyTime accepted;
  SteadyTime loaded;

 private:
  const registry::Manager* const manager_;
};

// Subtracts the time of a load from the measured times. `start` is the start of the job and
// `requested` that of its request.
void SubtractLoad(const JobObserver& observer, SteadyTime start, SteadyTime requested,
                  evaluator::Generation* generation) {
  if (observer.loaded < start) return;
  generation->load_ms = absl::ToDoubleMilliseconds(observer.accepted - start);
  if (observer.loaded < requested) return;
  const double wait =
      std::min(generation->queue_ms, absl::ToDoubleMilliseconds(observer.accepted - requested));
  generation->queue_ms -= wait;
  generation->first_token_ms -= wait;
  generation->total_ms -= wait;
}

evaluator::Generation ToGeneration(const GenerateResult& result) {
  const GenerationTimes& times = result.times;
  return {
      .text = result.text,
      .finish_reason = std::string(FinishReasonName(result.finish_reason)),
      .prompt_tokens = result.usage.prompt_tokens,
      .cached_tokens = result.usage.cached_tokens,
      .completion_tokens = result.usage.completion_tokens,
      .queue_ms = absl::ToDoubleMilliseconds(times.queue),
      .prefill_ms = absl::ToDoubleMilliseconds(times.prefill),
      .first_token_ms = absl::ToDoubleMilliseconds(times.first_token),
      .per_token_ms = absl::ToDoubleMilliseconds(times.per_token),
      .inter_token_p50_ms = absl::ToDoubleMilliseconds(times.inter_token_p50),
      .inter_token_p90_ms = absl::ToDoubleMilliseconds(times.inter_token_p90),
      .inter_token_p99_ms = absl::ToDoubleMilliseconds(times.inter_token_p99),
      .total_ms = absl::ToDoubleMilliseconds(times.total),
      .tokens_per_second = result.tokens_per_second,
  };
}

}  // namespace

absl::StatusOr<evaluator::LoadReport> ServedGenerator::Prepare(const std::string& model,
                                                               const CallContext& context) {
  ASSIGN_OR_RETURN(registry::Handle handle, manager_->Acquire(model, nullptr, context));
  RETURN_IF_ERROR(LanguageModelOf(handle).status());
  const ServedModel& resident = Served(handle);
  const engine::LoadedModelInfo& info = resident.info();
  const engine::DeviceInfo& device = resident.device();

  evaluator::LoadReport report;
  report.load_seconds = absl::ToDoubleSeconds(info.load_times.total);
  report.resident_bytes = resident.resident_bytes();
  if (info.cache_tokens > 0) {
    report.kv_bytes_per_token =
        static_cast<double>(info.kv_cache_bytes) / static_cast<double>(info.cache_tokens);
  }
  const std::vector<registry::ModelStatus> models = manager_->List();
  report.resident_models = static_cast<int>(
      std::count_if(models.begin(), models.end(), [](const registry::ModelStatus& status) {
        return status.state == registry::ModelState::kReady ||
               status.state == registry::ModelState::kDraining;
      }));
  report.revision = handle.revision();
  {
    const MutexLock lock(mutex_);
    prepared_[model] = report.revision;
  }
  report.parameters = {
      {"model", model},
      {"source", handle.entry().SourceName()},
      {"architecture", info.architecture},
      {"parameter_count", absl::StrCat(info.parameter_count)},
      {"quantization", info.quantization},
      {"dtype", info.dtype},
      {"context_length", absl::StrCat(info.context_length)},
      {"device", device.name},
      {"apple_silicon_optimized", device.apple_silicon_optimized ? "true" : "false"},
      {"cpu_threads", absl::StrCat(device.threads)},
      {"torch_version", device.torch_version},
      {"chat_template", info.has_chat_template ? "true" : "false"},
  };
  if (!report.revision.empty()) report.parameters["revision"] = report.revision;
  return report;
}

absl::StatusOr<absl::Duration> ServedGenerator::MakeResident(const std::string& model,
                                                             const CallContext& context) {
  const SteadyTime start = SteadyTime::Now();
  ASSIGN_OR_RETURN(registry::Handle handle, manager_->Acquire(model, nullptr, context));
  return LoadedAt(*manager_, model) < start ? absl::ZeroDuration() : SteadyTime::Now() - start;
}

absl::Status ServedGenerator::CheckRevision(const std::string& model, const std::string& revision) {
  const MutexLock lock(mutex_);
  const auto prepared = prepared_.find(model);
  if (prepared == prepared_.end() || prepared->second == revision) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("model '", model, "' was ", prepared->second,
                                                    " when the evaluation began and is ", revision,
                                                    " now; start a new evaluation"));
}

std::string ServedGenerator::RevisionOf(const std::string& model) {
  const absl::StatusOr<registry::ModelStatus> status = manager_->Get(model);
  return status.ok() ? manager_->RevisionOf(status->entry) : "";
}

// Without a chat template there is no system message: its text precedes the prompt.
absl::Status ServedGenerator::SetPrompt(const evaluator::GenerationJob& job,
                                        const CallContext& context, GenerateCall* call) {
  if (job.system.empty()) {
    call->prompt = job.prompt;
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(
      registry::Handle handle,
      manager_->Acquire(job.model, nullptr, context.Until(SteadyTime::Now() + job.timeout)));
  if (Served(handle).info().has_chat_template) {
    call->chat = std::vector<ChatMessage>{{.role = "system", .content = job.system},
                                          {.role = "user", .content = job.prompt}};
  } else {
    call->prompt = absl::StrCat(job.system, "\n\n", job.prompt);
  }
  return absl::OkStatus();
}

absl::StatusOr<evaluator::Generation> ServedGenerator::Generate(const evaluator::GenerationJob& job,
                                                                const CallContext& context) {
  const SteadyTime start = SteadyTime::Now();
  GenerateCall call{.model = job.model,
                    .sampling = {.temperature = static_cast<float>(job.sampling.temperature),
                                 .top_p = static_cast<float>(job.sampling.top_p),
                                 .top_k = job.sampling.top_k,
                                 .seed = job.sampling.seed},
                    .max_new_tokens = job.max_new_tokens,
                    .reuse_prefix = false};
  RETURN_IF_ERROR(SetPrompt(job, context, &call));

  JobObserver observer(manager_);
  const SteadyTime requested = SteadyTime::Now();
  ASSIGN_OR_RETURN(const GenerateResult result,
                   generation_->Generate(call, context.Until(requested + job.timeout), &observer));
  RETURN_IF_ERROR(CheckRevision(job.model, observer.revision));
  evaluator::Generation generation = ToGeneration(result);
  SubtractLoad(observer, start, requested, &generation);
  return generation;
}

absl::StatusOr<std::vector<evaluator::Likelihood>> ServedGenerator::Likelihoods(
    const evaluator::LikelihoodJob& job, const CallContext& context) {
  ASSIGN_OR_RETURN(const LikelihoodResult result,
                   likelihood_->Compute({.model = job.model,
                                         .context = job.context,
                                         .continuations = job.continuations,
                                         .text = job.text,
                                         .timeout = job.timeout},
                                        context));
  RETURN_IF_ERROR(CheckRevision(job.model, result.revision));
  std::vector<evaluator::Likelihood> likelihoods;
  likelihoods.reserve(result.likelihoods.size());
  for (const TextLikelihood& likelihood : result.likelihoods) {
    likelihoods.push_back({.log_likelihood = likelihood.log_likelihood,
                           .tokens = likelihood.tokens,
                           .greedy = likelihood.greedy,
                           .revision = result.revision});
  }
  return likelihoods;
}

}  // namespace assay::server
