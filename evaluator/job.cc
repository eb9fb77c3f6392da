// One evaluation.
#include "evaluator/job.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "evaluator/tracked_run.h"

namespace assay::evaluator {
namespace {

constexpr int kWarmUpTokens = 8;

std::string ErrorText(const absl::Status& status) {
  return absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message());
}

}  // namespace

Job::Job(Evaluation evaluation, EvaluationPlan plan, uint64_t order_seed,
         std::weak_ptr<QueuedFeed> feed, JobTools tools)
    : id_(evaluation.id),
      plan_(std::move(plan)),
      order_seed_(order_seed),
      order_(OrderSamples(plan_, order_seed)),
      feed_(std::move(feed)),
      tools_(tools),
      evaluation_(std::move(evaluation)),
      spent_seconds_(plan_.models.size(), 0.0),
      spent_samples_(plan_.models.size(), 0) {
  for (const std::string& name : plan_.models) models_.push_back({.name = name});
}

bool Job::Cancel() {
  absl::MutexLock lock(&mutex_);
  if (ended_) return false;
  cancelled_ = true;
  return true;
}

void Job::Push(EvaluationEvent event) {
  if (const std::shared_ptr<QueuedFeed> feed = feed_.lock()) feed->Push(std::move(event));
}

void Job::Announce(std::string activity, double remaining_seconds) {
  Push(Progress{.finished_samples = finished_samples_,
                .total_samples = static_cast<int>(order_.size()),
                .activity = std::move(activity),
                .remaining_seconds = remaining_seconds});
}

void Job::Run() {
  PrepareModels();
  Finish(TakeSamples());
}

void Job::PrepareModels() {
  for (PreparedModel& model : models_) {
    if (cancelled_) return;
    PrepareModel(model);
  }
}

void Job::PrepareModel(PreparedModel& model) {
  Announce(absl::StrCat("loading ", model.name));
  model.load = tools_.generator->Prepare(model.name);
  if (!model.load.ok() || cancelled_) return;
  Announce(absl::StrCat("warming up ", model.name));
  WarmUp(model.name);
}

void Job::WarmUp(const std::string& model) {
  GenerationJob job = GenerationFor(model, plan_.prompts.front().prompt);
  job.max_new_tokens = std::min(kWarmUpTokens, job.max_new_tokens);
  // An error here will come again with the samples, and is counted there.
  tools_.generator->Generate(job, [this] { return cancelled_.load(); }).IgnoreError();
}

GenerationJob Job::GenerationFor(const std::string& model, const std::string& prompt) const {
  return {.model = model,
          .prompt = prompt,
          .sampling = plan_.sampling,
          .max_new_tokens = plan_.max_new_tokens,
          .timeout = plan_.timeout};
}

absl::Status Job::TakeSamples() {
  for (size_t i = 0; i < order_.size(); ++i) {
    if (cancelled_) break;
    const PlannedSample& planned = order_[i];
    Announce(absl::StrCat(models_[planned.model].name, " ", plan_.prompts[planned.prompt].id),
             RemainingSeconds(i));
    Sample sample;
    if (!Measure(planned, &sample)) break;
    if (absl::Status s = tools_.store->AddSample(id_, sample); !s.ok()) return s;
    samples_.push_back({.sample = sample, .finished_at = absl::Now()});
    ++finished_samples_;
    if (tools_.options->on_sample) tools_.options->on_sample(sample);
    Push(std::move(sample));
  }
  return absl::OkStatus();
}

bool Job::Measure(const PlannedSample& planned, Sample* sample) {
  const PreparedModel& model = models_[planned.model];
  const EvaluationPrompt& prompt = plan_.prompts[planned.prompt];
  sample->model = model.name;
  sample->content_type = prompt.content_type;
  sample->prompt_id = prompt.id;
  sample->repeat = planned.repeat;
  sample->scorer = tools_.scorer->name();
  sample->scorer_version = tools_.scorer->version();
  if (!model.load.ok()) {
    sample->error = ErrorText(model.load.status());
    return true;
  }

  MemoryUse& memory = sample->memory;
  tools_.memory->ResetPeak();
  memory.before_bytes = tools_.memory->ResidentBytes();
  const absl::Time start = absl::Now();
  absl::StatusOr<Generation> generation = tools_.generator->Generate(
      GenerationFor(model.name, prompt.prompt), [this] { return cancelled_.load(); });
  spent_seconds_[planned.model] += absl::ToDoubleSeconds(absl::Now() - start);
  ++spent_samples_[planned.model];
  memory.after_bytes = tools_.memory->ResidentBytes();
  memory.peak_bytes =
      std::max({tools_.memory->PeakBytes(), memory.before_bytes, memory.after_bytes});

  if (absl::IsCancelled(generation.status()) && cancelled_) return false;
  if (!generation.ok()) {
    sample->error = ErrorText(generation.status());
    return true;
  }
  sample->generation = *std::move(generation);
  sample->quality_score =
      tools_.scorer->ScoreText(prompt.content_type, sample->generation.text).overall;
  const absl::Duration busy =
      absl::Milliseconds(sample->generation.total_ms - sample->generation.queue_ms);
  sample->cost_usd = RequestCost(tools_.options->economics, busy);
  return true;
}

double Job::RemainingSeconds(size_t next) const {
  const double spent = std::accumulate(spent_seconds_.begin(), spent_seconds_.end(), 0.0);
  const int count = std::accumulate(spent_samples_.begin(), spent_samples_.end(), 0);
  if (count == 0) return -1;
  double remaining = 0;
  for (size_t i = next; i < order_.size(); ++i) {
    const int model = order_[i].model;
    if (!models_[model].load.ok()) continue;
    remaining +=
        spent_samples_[model] > 0 ? spent_seconds_[model] / spent_samples_[model] : spent / count;
  }
  return remaining;
}

void Job::Finish(const absl::Status& status) {
  evaluation_.finished_at = absl::Now();
  evaluation_.finished_samples = finished_samples_;
  evaluation_.summaries = SummarizeAll(plan_, models_, samples_, tools_.options->economics);
  const bool any_success =
      std::any_of(samples_.begin(), samples_.end(),
                  [](const MeasuredSample& measured) { return measured.sample.error.empty(); });
  evaluation_.state = EvaluationState::kSucceeded;
  if (!status.ok()) {
    evaluation_.state = EvaluationState::kFailed;
    evaluation_.error = absl::StrCat("a sample could not be recorded: ", status.message());
  } else if (cancelled_ && finished_samples_ < static_cast<int>(order_.size())) {
    evaluation_.state = EvaluationState::kCancelled;
  } else if (!any_success) {
    evaluation_.state = EvaluationState::kFailed;
    evaluation_.error =
        absl::StrCat("no sample succeeded; the first failed with ", samples_.front().sample.error);
  }

  const RunContext context{.evaluation = evaluation_,
                           .plan = plan_,
                           .economics = tools_.options->economics,
                           .samples = samples_,
                           .scorer = std::string(tools_.scorer->name()),
                           .scorer_version = std::string(tools_.scorer->version()),
                           .order_seed = order_seed_};
  std::vector<TrackedRun> runs;
  for (const PreparedModel& model : models_) {
    if (SamplesOf(samples_, model.name, "").empty()) continue;
    runs.push_back(BuildTrackedRun(context, model));
  }
  if (absl::Status s = tools_.store->Finish(evaluation_, runs); !s.ok()) {
    evaluation_.state = EvaluationState::kFailed;
    evaluation_.error = absl::StrCat("the result could not be recorded: ", s.message());
  }
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  if (tools_.options->on_finished) tools_.options->on_finished(evaluation_);
  Push(evaluation_);
}

}  // namespace assay::evaluator
