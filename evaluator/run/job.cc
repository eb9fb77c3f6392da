// One evaluation, from the first model load to its result in the store.
#include "evaluator/run/job.h"

#include <algorithm>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "evaluator/analysis/early_stop.h"
#include "evaluator/run/error_text.h"
#include "evaluator/run/job_result.h"
#include "evaluator/run/known_answer.h"
#include "evaluator/run/scaling.h"

namespace assay::evaluator {

Job::Job(Evaluation evaluation, EvaluationPlan plan, ResumeState recorded,
         std::weak_ptr<QueuedFeed> feed, JobDependencies dependencies)
    : id_(evaluation.id),
      plan_(std::move(plan)),
      economics_(plan_.economics.value_or(dependencies.options->economics)),
      order_(OrderSamples(plan_, plan_.order_seed)),
      feed_(std::move(feed)),
      dependencies_(dependencies),
      total_samples_(evaluation.total_samples),
      evaluation_(std::move(evaluation)),
      records_(dependencies.store, id_, std::move(recorded)),
      measurer_(plan_, economics_, dependencies),
      scorer_(dependencies.scorers, plan_.scorers, evaluation_.scorer_versions),
      remaining_(plan_.models.size()) {
  models_.reserve(plan_.models.size());
  for (const Candidate& candidate : plan_.models) models_.push_back({.name = candidate.name});
  for (const Sample& sample : records_.samples()) scorer_.AddRecorded(sample);
}

bool Job::Cancel() {
  MutexLock lock(mutex_);
  if (ended_) return false;
  cancelled_ = true;
  return true;
}

void Job::Suspend() { suspended_ = true; }

bool Job::Interrupted() {
  if (Stopped()) complete_ = false;
  return !complete_;
}

void Job::Push(EvaluationEvent event) {
  if (const std::shared_ptr<QueuedFeed> feed = feed_.lock()) feed->Push(std::move(event));
}

void Job::Announce(std::string activity, double remaining_seconds) {
  Push(Progress{.finished_samples = records_.size(),
                .total_samples = total_samples_,
                .activity = std::move(activity),
                .remaining_seconds = remaining_seconds});
}

void Job::Run() {
  absl::Status status;
  if (!Interrupted()) status = dependencies_.store->BeginAttempt(id_);
  if (status.ok()) PrepareModels();
  if (status.ok()) status = CheckRevisions();
  if (status.ok()) status = TakeSamples();
  if (status.ok()) status = AnswerTasks();
  if (status.ok()) status = MeasureScaling();
  Finish(status);
}

void Job::Fail(const absl::Status& why) {
  complete_ = false;
  Finish(why);
}

void Job::PrepareModels() {
  for (size_t i = 0; i < models_.size() && !Interrupted(); ++i) {
    PrepareModel(plan_.models[i], models_[i]);
    const absl::StatusOr<LoadReport>& load = models_[i].load;
    if (!plan_.scaling.residents || plan_.prompts.empty() || !models_.front().load.ok() ||
        !load.ok() || load->resident_models == 0) {
      continue;
    }
    // The number of resident models does not change, and thus adds no level, if another candidate
    // has the same model or if the load evicted another model. The error is ignored, because
    // nothing depends on the point and the next run measures it again.
    MeasureLevel(ScalingKind::kResidents, 0, load->resident_models).IgnoreError();
  }
}

void Job::PrepareModel(const Candidate& candidate, PreparedModel& model) {
  Announce(absl::StrCat("loading ", model.name));
  model.load = dependencies_.generator->Prepare(candidate.model, context_);
  if (Interrupted() || !model.load.ok() || plan_.prompts.empty()) return;
  Announce(absl::StrCat("warming up ", model.name));
  measurer_.WarmUp(candidate, context_);
}

absl::Status Job::CheckRevisions() const {
  for (const PreparedModel& model : models_) {
    if (!model.load.ok()) continue;
    RETURN_IF_ERROR(records_.CheckRevision(model.name, model.load->revision));
  }
  return absl::OkStatus();
}

absl::Status Job::TakeSamples() {
  const Runner::Options& options = *dependencies_.options;
  for (size_t i = 0; i < order_.size(); ++i) {
    const PlannedSample& planned = order_[i];
    if (i > 0 && planned.block != order_[i - 1].block && StopsAfter(order_[i - 1])) break;
    const std::string& model = models_[planned.model].name;
    const std::string& prompt = plan_.prompts[planned.prompt].id;
    if (records_.HasSample(model, prompt, planned.repeat)) continue;
    if (Interrupted()) break;
    Announce(absl::StrCat(model, " ", prompt),
             remaining_.Seconds(std::span(order_).subspan(i), models_));
    Sample sample;
    if (!TakeSample(planned, &sample)) {
      complete_ = false;
      break;
    }
    sample.finished_at = absl::Now();
    if (options.system != nullptr) sample.system = options.system->Read();
    RETURN_IF_ERROR(records_.AddSample(sample));
    if (options.on_sample) options.on_sample(sample);
    Push(std::move(sample));
  }
  return absl::OkStatus();
}

bool Job::StopsAfter(const PlannedSample& last) {
  if (Stopped()) return false;
  Announce(absl::StrCat("look ", last.block + 1, " at the results"));
  return !StopReason(plan_, records_.samples()).empty();
}

bool Job::TakeSample(const PlannedSample& planned, Sample* sample) {
  const PreparedModel& model = models_[planned.model];
  const EvaluationPrompt& prompt = plan_.prompts[planned.prompt];
  scorer_.SetScorer(sample);
  const SteadyTime start = SteadyTime::Now();
  const bool measured = measurer_.Measure(plan_.models[planned.model], model, prompt,
                                          planned.repeat, context_, sample);
  if (model.load.ok()) remaining_.Add(planned.model, SteadyTime::Now() - start);
  if (!measured) return false;
  return !sample->error.empty() || scorer_.ScoreSample(prompt, context_, sample);
}

absl::Status Job::AnswerTasks() {
  for (const KnownAnswerTask& task : plan_.tasks) {
    const size_t count = task.kind == TaskKind::kMultipleChoice ? task.items.size() : 1;
    for (size_t i = 0; i < count; ++i) {
      const MultipleChoiceItem* item = task.items.empty() ? nullptr : &task.items[i];
      for (size_t model = 0; model < models_.size(); ++model) {
        RETURN_IF_ERROR(AnswerOne(model, task, item));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status Job::AnswerOne(size_t model, const KnownAnswerTask& task,
                            const MultipleChoiceItem* item) {
  const std::string& name = models_[model].name;
  const std::string item_id = item == nullptr ? kTextItem : item->id;
  if (records_.HasAnswer(name, task.name, item_id) || Interrupted()) return absl::OkStatus();
  Announce(absl::StrCat(name, " ", task.name, " ", item_id));
  absl::StatusOr<TaskAnswer> answer = TaskAnswer{.task = task.name, .item_id = item_id};
  if (!models_[model].load.ok()) {
    answer->error = ErrorText(models_[model].load.status());
  } else {
    TextGenerator* const generator = dependencies_.generator;
    const std::string& catalog_id = plan_.models[model].model;
    EnergyMeter* const meter = dependencies_.options->energy;
    const double joules_before = meter == nullptr ? 0 : meter->Joules();
    const SteadyTime start = SteadyTime::Now();
    answer = item == nullptr
                 ? AnswerText(generator, catalog_id, task, plan_.timeout, context_)
                 : AnswerItem(generator, catalog_id, task, *item, plan_.timeout, context_);
    if (!answer.ok()) {
      complete_ = false;
      return absl::OkStatus();
    }
    if (answer->error.empty()) {
      answer->busy_seconds = absl::ToDoubleSeconds(SteadyTime::Now() - start);
      const double joules = meter == nullptr ? 0 : meter->Joules() - joules_before;
      if (joules > 0) answer->energy = {.joules = joules, .source = meter->source()};
    }
  }
  answer->model = name;
  return records_.AddAnswer(*std::move(answer));
}

absl::Status Job::MeasureScaling() {
  if (plan_.prompts.empty()) return absl::OkStatus();
  for (const int level : plan_.scaling.concurrency) {
    for (size_t i = 0; i < models_.size(); ++i) {
      if (!models_[i].load.ok()) continue;
      RETURN_IF_ERROR(MeasureLevel(ScalingKind::kConcurrency, i, level));
    }
  }
  return absl::OkStatus();
}

absl::Status Job::MeasureLevel(ScalingKind kind, size_t model, int level) {
  std::vector<ScalingPoint>& points = evaluation_.scaling;
  const std::string& name = models_[model].name;
  const bool known = std::any_of(points.begin(), points.end(), [&](const ScalingPoint& point) {
    return point.kind == kind && point.model == name && point.level == level;
  });
  if (known || Interrupted()) return absl::OkStatus();
  const bool concurrency = kind == ScalingKind::kConcurrency;
  Announce(
      absl::StrCat(name, concurrency ? ", concurrent requests: " : ", resident models: ", level));
  std::vector<GenerationJob> requests;
  requests.reserve(plan_.prompts.size());
  for (const EvaluationPrompt& prompt : plan_.prompts) {
    requests.push_back(measurer_.MakeRequest(plan_.models[model], prompt, 0));
  }
  // Every request will fail with the same error, and is counted.
  measurer_.MakeResident(plan_.models[model], context_).IgnoreError();
  ScalingPoint point = MeasureStreams(dependencies_.generator, dependencies_.memory, requests,
                                      concurrency ? level : 1, plan_.scaling.rounds, context_);
  if (Interrupted()) return absl::OkStatus();
  point.kind = kind;
  point.model = name;
  point.level = level;
  points.push_back(std::move(point));
  return dependencies_.store->SetScaling(id_, points);
}

void Job::Finish(const absl::Status& status) {
  evaluation_.finished_samples = records_.size();
  if (status.ok() && suspended_ && !cancelled_ && !complete_) {
    LeaveRunning();
    return;
  }
  evaluation_.finished_at = absl::Now();
  const RunContext context{.evaluation = evaluation_,
                           .plan = plan_,
                           .economics = economics_,
                           .samples = records_.samples(),
                           .answers = records_.answers(),
                           .scorer = plan_.scorers.front(),
                           .scorer_version = scorer_.QualityScorerVersion(),
                           .order_seed = plan_.order_seed};
  SetResult(context, models_, {.status = status, .cancelled = cancelled_ && !complete_},
            &evaluation_);
  // An evaluation that was cancelled before its first result has nothing to track.
  const bool is_empty = evaluation_.state == EvaluationState::kCancelled && records_.size() == 0 &&
                        evaluation_.scaling.empty();
  const std::vector<TrackedRun> runs =
      is_empty ? std::vector<TrackedRun>() : BuildTrackedRuns(context, models_);
  if (absl::Status s = dependencies_.store->Finish(evaluation_, runs); !s.ok()) {
    evaluation_.state = EvaluationState::kFailed;
    evaluation_.error = absl::StrCat("the result could not be recorded: ", s.message());
  }
  {
    MutexLock lock(mutex_);
    ended_ = true;
  }
  if (dependencies_.options->on_finished) dependencies_.options->on_finished(evaluation_);
  Push(evaluation_);
}

void Job::LeaveRunning() {
  // If this fails, the next start counts this stop as one without progress, which is harmless.
  dependencies_.store->Suspend(id_).IgnoreError();
  Push(evaluation_);
}

}  // namespace assay::evaluator
