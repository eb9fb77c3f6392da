// One evaluation.
#include "evaluator/run/job.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/call_context.h"
#include "base/status_macros.h"
#include "evaluator/analysis/analysis.h"
#include "evaluator/economics/economics.h"
#include "evaluator/run/known_answer.h"
#include "evaluator/run/scaling.h"
#include "evaluator/tracking/tracked_run.h"

namespace assay::evaluator {
namespace {

constexpr int kWarmUpTokens = 8;
// None of those that are measured.
constexpr char kWarmUpPrompt[] = "Write one sentence about the weather.";

std::string ErrorText(const absl::Status& status) {
  return absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message());
}

absl::Status Unrecorded(const absl::Status& status) {
  return {status.code(), absl::StrCat("a sample could not be recorded: ", status.message())};
}

// Names have no space in them: Validate().
std::string SampleKey(const std::string& model, const std::string& prompt, int repeat) {
  return absl::StrCat("sample ", model, " ", repeat, " ", prompt);
}

std::string AnswerKey(const std::string& model, const std::string& task, const std::string& item) {
  return absl::StrCat("answer ", model, " ", task, " ", item);
}

}  // namespace

Job::Job(Evaluation evaluation, EvaluationPlan plan, ResumeState earlier,
         std::weak_ptr<QueuedFeed> feed, JobDependencies tools)
    : id_(evaluation.id),
      plan_(std::move(plan)),
      economics_(plan_.economics.value_or(tools.options->economics)),
      order_(OrderSamples(plan_, plan_.order_seed)),
      feed_(std::move(feed)),
      tools_(tools),
      evaluation_(std::move(evaluation)),
      samples_(std::move(earlier.samples)),
      answers_(std::move(earlier.answers)),
      versions_(evaluation_.scorer_versions),
      spent_seconds_(plan_.models.size(), 0.0),
      spent_samples_(plan_.models.size(), 0) {
  models_.reserve(plan_.models.size());
  for (const Candidate& candidate : plan_.models) models_.push_back({.name = candidate.name});
  for (const Sample& sample : samples_) {
    recorded_.insert(SampleKey(sample.model, sample.prompt_id, sample.repeat));
    for (const SampleScore& score : sample.scores) {
      if (score.error.empty()) versions_[score.scorer] = score.version;
    }
  }
  for (const TaskAnswer& answer : answers_) {
    recorded_.insert(AnswerKey(answer.model, answer.task, answer.item_id));
  }
  finished_samples_ = static_cast<int>(recorded_.size());
}

bool Job::Cancel() {
  absl::MutexLock lock(&mutex_);
  if (ended_) return false;
  cancelled_ = true;
  return true;
}

void Job::Suspend() { suspended_ = true; }

bool Job::Interrupted() {
  if (Stopped()) whole_ = false;
  return !whole_;
}

void Job::Push(EvaluationEvent event) {
  if (const std::shared_ptr<QueuedFeed> feed = feed_.lock()) feed->Push(std::move(event));
}

void Job::Announce(std::string activity, double remaining_seconds) {
  Push(Progress{.finished_samples = finished_samples_,
                .total_samples = evaluation_.total_samples,
                .activity = std::move(activity),
                .remaining_seconds = remaining_seconds});
}

void Job::Run() {
  PrepareModels();
  absl::Status status = CheckRevisions();
  if (status.ok()) status = TakeSamples();
  if (status.ok()) status = AnswerTasks();
  if (status.ok()) status = MeasureScaling();
  Finish(status);
}

void Job::Fail(const absl::Status& why) {
  whole_ = false;
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
    // Another candidate of a model that is loaded already, or one that took another's place, makes
    // no new level. A point that cannot be kept is measured again by the next run; nothing else
    // hangs on it.
    MeasureLevel(ScalingKind::kResidents, 0, load->resident_models).IgnoreError();
  }
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
  const std::string id = item == nullptr ? kTextItem : item->id;
  const std::string key = AnswerKey(name, task.name, id);
  if (recorded_.contains(key) || Interrupted()) return absl::OkStatus();
  Announce(absl::StrCat(name, " ", task.name, " ", id));
  absl::StatusOr<TaskAnswer> answer = TaskAnswer{.task = task.name, .item_id = id};
  if (!models_[model].load.ok()) {
    answer->error = ErrorText(models_[model].load.status());
  } else {
    const std::string& id_of_model = plan_.models[model].model;
    answer = item == nullptr
                 ? AnswerText(tools_.generator, id_of_model, task, plan_.timeout, context_)
                 : AnswerItem(tools_.generator, id_of_model, task, *item, plan_.timeout, context_);
    if (!answer.ok()) {
      whole_ = false;
      return absl::OkStatus();
    }
  }
  answer->model = name;
  if (absl::Status s = tools_.store->AddAnswer(id_, *answer); !s.ok()) return Unrecorded(s);
  recorded_.insert(key);
  answers_.push_back(*std::move(answer));
  ++finished_samples_;
  return absl::OkStatus();
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
  const bool streams = kind == ScalingKind::kConcurrency;
  Announce(absl::StrCat(name, streams ? ", requests at once: " : ", models resident: ", level));
  std::vector<GenerationJob> jobs;
  jobs.reserve(plan_.prompts.size());
  for (const EvaluationPrompt& prompt : plan_.prompts) {
    jobs.push_back(GenerationFor(plan_.models[model], prompt, 0));
  }
  // An error comes again with every request, and is counted there.
  MakeResident(plan_.models[model]).IgnoreError();
  ScalingPoint point = MeasureStreams(tools_.generator, tools_.memory, jobs, streams ? level : 1,
                                      plan_.scaling.rounds, context_);
  if (Interrupted()) return absl::OkStatus();
  point.kind = kind;
  point.model = name;
  point.level = level;
  points.push_back(std::move(point));
  return tools_.store->SetScaling(id_, points);
}

std::optional<std::string> Job::EarlierRevision(const std::string& model) const {
  const auto good = [&model](const auto& record) {
    return record.model == model && record.error.empty();
  };
  const auto sample = std::find_if(samples_.begin(), samples_.end(), good);
  if (sample != samples_.end()) return sample->revision;
  // Those of older versions do not say.
  const auto answer = std::find_if(answers_.begin(), answers_.end(), [&](const TaskAnswer& one) {
    return good(one) && !one.revision.empty();
  });
  if (answer != answers_.end()) return answer->revision;
  return std::nullopt;
}

absl::Status Job::CheckRevisions() const {
  for (const PreparedModel& model : models_) {
    if (!model.load.ok()) continue;
    const std::optional<std::string> earlier = EarlierRevision(model.name);
    if (!earlier || *earlier == model.load->revision) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("model ", model.name, " was ", *earlier, " when the evaluation began and is ",
                     model.load->revision, " now; start a new evaluation"));
  }
  return absl::OkStatus();
}

void Job::PrepareModel(const Candidate& candidate, PreparedModel& model) {
  Announce(absl::StrCat("loading ", model.name));
  model.load = tools_.generator->Prepare(candidate.model, context_);
  if (Interrupted() || !model.load.ok() || plan_.prompts.empty()) return;
  Announce(absl::StrCat("warming up ", model.name));
  WarmUp(candidate);
}

void Job::WarmUp(const Candidate& candidate) {
  GenerationJob job = GenerationFor(candidate, {.prompt = kWarmUpPrompt}, 0);
  job.max_new_tokens = std::min(kWarmUpTokens, job.max_new_tokens);
  // An error here will come again with the samples, and is counted there.
  tools_.generator->Generate(job, context_).IgnoreError();
}

absl::StatusOr<absl::Duration> Job::MakeResident(const Candidate& candidate) {
  absl::StatusOr<absl::Duration> load = tools_.generator->MakeResident(candidate.model, context_);
  // The first text after a load is slower than those that follow.
  if (load.ok() && *load > absl::ZeroDuration()) WarmUp(candidate);
  return load;
}

GenerationJob Job::GenerationFor(const Candidate& candidate, const EvaluationPrompt& prompt,
                                 int repeat) const {
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

absl::Status Job::TakeSamples() {
  for (size_t i = 0; i < order_.size(); ++i) {
    const PlannedSample& planned = order_[i];
    const std::string& model = models_[planned.model].name;
    const std::string& prompt = plan_.prompts[planned.prompt].id;
    const std::string key = SampleKey(model, prompt, planned.repeat);
    if (recorded_.contains(key)) continue;
    if (Interrupted()) break;
    Announce(absl::StrCat(model, " ", prompt), RemainingSeconds(i));
    Sample sample;
    if (!Measure(planned, &sample)) {
      whole_ = false;
      break;
    }
    sample.finished_at = absl::Now();
    if (tools_.options->system != nullptr) sample.system = tools_.options->system->Read();
    if (absl::Status s = tools_.store->AddSample(id_, sample); !s.ok()) return Unrecorded(s);
    recorded_.insert(key);
    samples_.push_back(sample);
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
  const GenerationJob job = GenerationFor(plan_.models[planned.model], prompt, planned.repeat);
  sample->seed = job.sampling.seed;
  const Scorer* first = tools_.scorers->Find(plan_.scorers.front());
  sample->scorer = first->name();
  sample->scorer_version = first->version();
  if (model.load.ok()) {
    sample->revision = model.load->revision;
  } else {
    sample->error = ErrorText(model.load.status());
    return true;
  }

  const absl::Time start = absl::Now();
  const absl::StatusOr<absl::Duration> load = MakeResident(plan_.models[planned.model]);
  absl::StatusOr<Generation> generation =
      load.ok() ? MeasureGeneration(job, sample) : absl::StatusOr<Generation>(load.status());
  spent_seconds_[planned.model] += absl::ToDoubleSeconds(absl::Now() - start);
  ++spent_samples_[planned.model];

  // A server that stops may say so in another way than with CANCELLED.
  if (!generation.ok() && Stopped()) return false;
  if (!generation.ok()) {
    sample->error = ErrorText(generation.status());
    return true;
  }
  sample->generation = *std::move(generation);
  sample->generation.load_ms += absl::ToDoubleMilliseconds(*load);
  const int tokens = sample->generation.prompt_tokens + sample->generation.completion_tokens;
  sample->memory.kv_cache_bytes = std::llround(model.load->kv_bytes_per_token * tokens);
  bool interrupted = false;
  ScoreSample(prompt, CallContext([&] { return interrupted = interrupted || Stopped(); }), sample);
  if (interrupted) return false;
  const absl::Duration busy =
      absl::Milliseconds(sample->generation.total_ms - sample->generation.queue_ms);
  if (sample->energy.source.empty()) sample->energy = StatedEnergy(economics_, busy);
  sample->cost_usd = RequestCost(economics_, sample->energy, busy);
  return true;
}

absl::StatusOr<Generation> Job::MeasureGeneration(const GenerationJob& job, Sample* sample) {
  MemoryUse& memory = sample->memory;
  tools_.memory->ResetPeak();
  memory.before_bytes = tools_.memory->ResidentBytes();
  EnergyMeter* const meter = tools_.options->energy;
  const double joules_before = meter == nullptr ? 0 : meter->Joules();
  absl::StatusOr<Generation> generation = tools_.generator->Generate(job, context_);
  const double joules = meter == nullptr ? 0 : meter->Joules() - joules_before;
  memory.after_bytes = tools_.memory->ResidentBytes();
  memory.peak_bytes =
      std::max({tools_.memory->PeakBytes(), memory.before_bytes, memory.after_bytes});
  memory.device_bytes = tools_.generator->DeviceBytes();
  // A meter that did not move (a short text, a counter that stopped) has measured nothing; one that
  // measured a load too, something else.
  if (generation.ok() && joules > 0 && generation->load_ms == 0) {
    sample->energy = {.joules = joules, .source = meter->source()};
  }
  return generation;
}

void Job::ScoreSample(const EvaluationPrompt& prompt, const CallContext& context, Sample* sample) {
  const ScoreInput input{.content_type = prompt.content_type,
                         .prompt = prompt.prompt,
                         .text = sample->generation.text,
                         .finish_reason = sample->generation.finish_reason,
                         .reference = prompt.reference,
                         .constraints = prompt.constraints,
                         .context = context};
  for (const std::string& name : plan_.scorers) {
    const Scorer* scorer = tools_.scorers->Find(name);
    absl::StatusOr<Score> score = scorer->ScoreText(input);
    // All of it may be known only now.
    SampleScore record{.scorer = name, .version = scorer->version()};
    if (score.ok()) {
      if (absl::Status s = CheckVersion(name, record.version); !s.ok()) score = s;
    }
    if (score.ok()) {
      record.overall = score->overall;
      record.parts = std::move(score->parts);
    } else {
      record.error = ErrorText(score.status());
    }
    sample->scores.push_back(std::move(record));
  }
  sample->quality_score = sample->scores.front().overall;
  sample->scorer_version = sample->scores.front().version;
}

absl::Status Job::CheckVersion(const std::string& scorer, const std::string& now) {
  std::string& before = versions_[scorer];
  if (!IsVersion(before, now)) {
    return absl::FailedPreconditionError(absl::StrCat("the scorer ", scorer, " was version ",
                                                      before, " when the evaluation began and is ",
                                                      now, " now; start a new evaluation"));
  }
  before = now;
  return absl::OkStatus();
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

void Job::Conclude(const absl::Status& status) {
  evaluation_.finished_at = absl::Now();
  evaluation_.finished_samples = finished_samples_;
  evaluation_.summaries = SummarizeAll(plan_, models_, samples_, economics_);
  evaluation_.analysis = Analyze(plan_, samples_, answers_);
  const auto good = [](const auto& record) { return record.error.empty(); };
  evaluation_.state = EvaluationState::kSucceeded;
  if (!status.ok()) {
    evaluation_.state = EvaluationState::kFailed;
    evaluation_.error = std::string(status.message());
  } else if (cancelled_ && !whole_) {
    evaluation_.state = EvaluationState::kCancelled;
  } else if (std::none_of(samples_.begin(), samples_.end(), good) &&
             std::none_of(answers_.begin(), answers_.end(), good)) {
    evaluation_.state = EvaluationState::kFailed;
    const std::string& first = samples_.empty() ? answers_.front().error : samples_.front().error;
    evaluation_.error = absl::StrCat("no sample succeeded; the first failed with ", first);
  }
}

std::string Job::DecidingVersion() const {
  const std::string& name = plan_.scorers.front();
  if (const auto known = versions_.find(name); known != versions_.end()) return known->second;
  const Scorer* scorer = tools_.scorers->Find(name);
  return scorer == nullptr ? "" : std::string(scorer->version());
}

void Job::Finish(const absl::Status& status) {
  if (status.ok() && suspended_ && !cancelled_ && !whole_) {
    evaluation_.finished_samples = finished_samples_;
    // If it fails, the start counts this stop as one of the server's crashes; no more than that.
    tools_.store->Suspend(id_).IgnoreError();
    Push(evaluation_);
    return;
  }
  Conclude(status);
  const RunContext context{.evaluation = evaluation_,
                           .plan = plan_,
                           .economics = economics_,
                           .samples = samples_,
                           .answers = answers_,
                           .scorer = plan_.scorers.front(),
                           .scorer_version = DecidingVersion(),
                           .order_seed = plan_.order_seed};
  std::vector<TrackedRun> runs = {BuildTrackedEvaluation(context)};
  for (const PreparedModel& model : models_) {
    const bool answered = std::any_of(answers_.begin(), answers_.end(), [&](const TaskAnswer& one) {
      return one.model == model.name;
    });
    if (!answered && SamplesOf(samples_, model.name, "").empty()) continue;
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
