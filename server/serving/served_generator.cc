// The server's own generation as the evaluator's TextGenerator.
#include "server/serving/served_generator.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/status_macros.h"
#include "server/serving/engine_loader.h"

namespace assay::server {
namespace {

// When the model was last loaded; the infinite past where the catalog lacks it.
absl::Time LoadedAt(const registry::Manager& manager, const std::string& model) {
  const absl::StatusOr<registry::ModelStatus> status = manager.Get(model);
  return status.ok() ? status->loaded_at : absl::InfinitePast();
}

class JobObserver final : public GenerationObserver {
 public:
  JobObserver(const registry::Manager* manager, const CallContext& context)
      : manager_(manager), context_(context) {}
  void OnTaken(const registry::Handle& model) override {
    revision = model.revision();
    taken = absl::Now();
    loaded = LoadedAt(*manager_, model.entry().id);
  }
  bool Cancelled() override { return context_.IsDone(); }

  std::string revision;
  absl::Time taken;
  absl::Time loaded;

 private:
  const registry::Manager* const manager_;
  const CallContext& context_;
};

// Takes out of the times what was spent on a load. `start`: of the job, `asked`: of the request.
void TakeLoadOut(const JobObserver& observer, absl::Time start, absl::Time asked,
                 evaluator::Generation* generation) {
  if (observer.loaded < start) return;
  generation->load_ms = absl::ToDoubleMilliseconds(observer.taken - start);
  if (observer.loaded < asked) return;
  const double wait =
      std::min(generation->queue_ms, absl::ToDoubleMilliseconds(observer.taken - asked));
  generation->queue_ms -= wait;
  generation->first_token_ms -= wait;
  generation->total_ms -= wait;
}

}  // namespace

std::string FinishReasonName(assay::v1::FinishReason reason) {
  switch (reason) {
    case assay::v1::FINISH_REASON_END_OF_TEXT:
      return "end_of_text";
    case assay::v1::FINISH_REASON_STOP_STRING:
      return "stop_string";
    case assay::v1::FINISH_REASON_LENGTH:
      return "length";
    default:
      return "unspecified";
  }
}

absl::StatusOr<evaluator::LoadReport> ServedGenerator::Prepare(const std::string& model,
                                                               const CallContext& context) {
  ASSIGN_OR_RETURN(registry::Handle handle, manager_->Acquire(model, nullptr, context));
  const auto& resident = static_cast<const EngineModel&>(handle.model());
  const engine::LoadedModelInfo& info = resident.model().info();
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
    const absl::MutexLock lock(&mutex_);
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
  const absl::Time start = absl::Now();
  ASSIGN_OR_RETURN(registry::Handle handle, manager_->Acquire(model, nullptr, context));
  return LoadedAt(*manager_, model) < start ? absl::ZeroDuration() : absl::Now() - start;
}

absl::Status ServedGenerator::CheckRevision(const std::string& model, const std::string& revision) {
  const absl::MutexLock lock(&mutex_);
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

// A model without a chat template knows no system message: the text goes before the prompt.
absl::Status ServedGenerator::SetPrompt(const evaluator::GenerationJob& job,
                                        const CallContext& context,
                                        assay::v1::GenerateRequest* request) {
  if (job.system.empty()) {
    request->set_prompt(job.prompt);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(registry::Handle handle,
                   manager_->Acquire(job.model, nullptr, context.Until(absl::Now() + job.timeout)));
  const auto& resident = static_cast<const EngineModel&>(handle.model());
  if (!resident.model().info().has_chat_template) {
    request->set_prompt(absl::StrCat(job.system, "\n\n", job.prompt));
    return absl::OkStatus();
  }
  const auto add = [request](const char* role, const std::string& content) {
    assay::v1::ChatMessage* message = request->mutable_chat()->add_messages();
    message->set_role(role);
    message->set_content(content);
  };
  add("system", job.system);
  add("user", job.prompt);
  return absl::OkStatus();
}

absl::StatusOr<evaluator::Generation> ServedGenerator::Generate(const evaluator::GenerationJob& job,
                                                                const CallContext& context) {
  const absl::Time start = absl::Now();
  assay::v1::GenerateRequest request;
  request.set_model(job.model);
  RETURN_IF_ERROR(SetPrompt(job, context, &request));
  request.set_max_new_tokens(job.max_new_tokens);
  request.mutable_sampling()->set_temperature(static_cast<float>(job.sampling.temperature));
  request.mutable_sampling()->set_top_p(static_cast<float>(job.sampling.top_p));
  request.mutable_sampling()->set_top_k(job.sampling.top_k);
  request.mutable_sampling()->set_seed(job.sampling.seed);

  JobObserver observer(manager_, context);
  assay::v1::GenerateResponse response;
  const absl::Time asked = absl::Now();
  RETURN_IF_ERROR(generation_->Generate(request, asked + job.timeout, &observer, &response,
                                        {.reuse_prefix = false}));
  RETURN_IF_ERROR(CheckRevision(job.model, observer.revision));

  const assay::v1::Timings& timings = response.timings();
  evaluator::Generation generation{
      .text = response.text(),
      .finish_reason = FinishReasonName(response.finish_reason()),
      .prompt_tokens = response.usage().prompt_tokens(),
      .cached_tokens = response.usage().cached_tokens(),
      .completion_tokens = response.usage().completion_tokens(),
      .queue_ms = timings.queue_ms(),
      .prefill_ms = timings.prefill_ms(),
      .first_token_ms = timings.first_token_ms(),
      .per_token_ms = timings.per_token_ms(),
      .inter_token_p50_ms = timings.inter_token_p50_ms(),
      .inter_token_p90_ms = timings.inter_token_p90_ms(),
      .inter_token_p99_ms = timings.inter_token_p99_ms(),
      .total_ms = timings.total_ms(),
      .tokens_per_second = timings.tokens_per_second(),
  };
  TakeLoadOut(observer, start, asked, &generation);
  return generation;
}

absl::StatusOr<std::vector<evaluator::Likelihood>> ServedGenerator::Likelihoods(
    const evaluator::LikelihoodJob& job, const CallContext& context) {
  assay::v1::LikelihoodRequest request;
  request.set_model(job.model);
  request.set_context(job.context);
  for (const std::string& continuation : job.continuations) request.add_continuations(continuation);
  request.set_text(job.text);
  assay::v1::LikelihoodResponse response;
  std::string revision;
  RETURN_IF_ERROR(likelihood_->Read(request, context, &response,
                                    {.timeout = job.timeout, .revision = &revision}));
  RETURN_IF_ERROR(CheckRevision(job.model, revision));
  std::vector<evaluator::Likelihood> likelihoods;
  likelihoods.reserve(static_cast<size_t>(response.likelihoods_size()));
  for (const assay::v1::TextLikelihood& found : response.likelihoods()) {
    likelihoods.push_back({.log_likelihood = found.log_likelihood(),
                           .tokens = found.tokens(),
                           .greedy = found.greedy(),
                           .revision = revision});
  }
  return likelihoods;
}

}  // namespace assay::server
