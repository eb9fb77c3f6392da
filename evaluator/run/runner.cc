// The queue of jobs and the thread that runs them.
#include "evaluator/run/runner.h"

#include <algorithm>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "base/annotate.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "evaluator/plan/plan.h"
#include "evaluator/plan/plan_json.h"
#include "evaluator/records/evaluation_id.h"
#include "evaluator/run/feed.h"
#include "evaluator/run/job.h"

namespace assay::evaluator {
namespace {

constexpr char kCannotResume[] = "the server stopped, and the evaluation cannot be resumed";

// Implements Runner with a queue and one worker thread.
class QueueRunner final : public Runner {
 public:
  QueueRunner(TextGenerator* generator, MemoryProbe* memory, const ScorerSet* scorers,
              RunStore* store, Options options)
      : options_(std::move(options)),
        dependencies_{.generator = generator,
                      .memory = memory,
                      .scorers = scorers,
                      .store = store,
                      .options = &options_},
        thread_([this] { RunJobs(); }) {}

  ~QueueRunner() override { Stop(); }

  absl::StatusOr<Started> Start(EvaluationPlan plan) override {
    RETURN_IF_ERROR(ValidatePlan(plan));
    RETURN_IF_ERROR(CheckScorers(plan));
    Started started;
    auto feed = std::make_shared<QueuedFeed>();
    started.feed = feed;

    MutexLock lock(mutex_);
    if (stopping_) return absl::UnavailableError("the server is shutting down");
    const int ahead = Unfinished();
    if (ahead > options_.max_waiting) {
      return absl::ResourceExhaustedError(
          absl::StrCat("evaluations: one is running and ", options_.max_waiting,
                       " are waiting, which is the limit; wait for one to end or cancel one"));
    }
    Evaluation& evaluation = started.evaluation;
    if (!plan.economics) plan.economics = options_.economics;
    evaluation.scorer_versions = ScorerVersions(plan);
    evaluation.plan_sha256 = PlanSha256(plan);
    while (plan.order_seed == 0) plan.order_seed = absl::Uniform<uint64_t>(random_);
    evaluation.order_seed = plan.order_seed;
    evaluation.name = plan.name;
    evaluation.started_at = absl::Now();
    evaluation.id = EvaluationId(evaluation.started_at, absl::Uniform<uint64_t>(random_));
    evaluation.total_samples = static_cast<int>(TotalSamples(plan));
    RETURN_IF_ERROR(dependencies_.store->Begin(evaluation, plan));
    auto job = std::make_shared<Job>(evaluation, std::move(plan), ResumeState(), std::move(feed),
                                     dependencies_);
    if (ahead > 0) job->Announce(absl::StrCat("waiting for ", ahead, " evaluation(s)"));
    waiting_.push_back(std::move(job));
    return started;
  }

  absl::StatusOr<std::vector<std::string>> Resume() override {
    ASSIGN_OR_RETURN(std::vector<Evaluation> interrupted, dependencies_.store->TakeInterrupted());
    std::vector<std::string> ids;
    for (Evaluation& evaluation : interrupted) {
      if (IsUnfinished(evaluation.id)) continue;
      const absl::StatusOr<bool> requeued = Requeue(evaluation);
      if (!requeued.ok()) {
        evaluation.state = EvaluationState::kFailed;
        evaluation.finished_at = absl::Now();
        evaluation.error = std::string(Annotate(requeued.status(), kCannotResume).message());
        RETURN_IF_ERROR(dependencies_.store->Finish(evaluation, {}));
        if (options_.on_finished) options_.on_finished(evaluation);
      } else if (*requeued) {
        ids.push_back(evaluation.id);
      }
    }
    return ids;
  }

  absl::Status Cancel(std::string_view id) override {
    std::shared_ptr<Job> unstarted;
    {
      MutexLock lock(mutex_);
      if (running_ != nullptr && running_->id() == id && running_->Cancel()) {
        return absl::OkStatus();
      }
      const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                      [id](const auto& job) { return job->id() == id; });
      if (found != waiting_.end()) {
        unstarted = std::move(*found);
        waiting_.erase(found);
      }
    }
    if (unstarted == nullptr) return CancelEnded(id);
    // The job is no longer in the queue, so only this thread runs it. Since it is cancelled, Run()
    // just records its end.
    unstarted->Cancel();
    unstarted->Run();
    return absl::OkStatus();
  }

  int unfinished() const override {
    const MutexLock lock(mutex_);
    return Unfinished();
  }

  void Suspend() override ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    stopping_ = true;
    if (running_ != nullptr) running_->Suspend();
    // The worker still runs the waiting jobs; each pushes its last event and ends at once.
    for (const std::shared_ptr<Job>& job : waiting_) job->Suspend();
  }

  void Shutdown() override { Stop(); }

 private:
  int Unfinished() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return static_cast<int>(waiting_.size()) + (running_ == nullptr ? 0 : 1);
  }

  // True if an earlier call of Resume() that failed has queued the evaluation already.
  bool IsUnfinished(std::string_view id) const ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    const auto is_it = [id](const auto& job) { return job->id() == id; };
    return (running_ != nullptr && is_it(running_)) ||
           std::any_of(waiting_.begin(), waiting_.end(), is_it);
  }

  absl::Status CheckScorers(const EvaluationPlan& plan) const {
    for (size_t i = 0; i < plan.scorers.size(); ++i) {
      if (dependencies_.scorers->Find(plan.scorers[i]) != nullptr) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("scorers[", i, "]: '", plan.scorers[i], "' is unknown; give one of ",
                       absl::StrJoin(dependencies_.scorers->Names(), ", ")));
    }
    return absl::OkStatus();
  }

  std::map<std::string, std::string> ScorerVersions(const EvaluationPlan& plan) const {
    std::map<std::string, std::string> versions;
    for (const std::string& name : plan.scorers) {
      versions[name] = dependencies_.scorers->Find(name)->version();
    }
    return versions;
  }

  // Scores of different versions are not comparable, and the way of measuring may have changed with
  // the version.
  absl::Status CheckVersions(const Evaluation& evaluation, const EvaluationPlan& plan) const {
    if (evaluation.scorer_versions.empty()) {
      return absl::FailedPreconditionError(
          "it was begun by an older version of assayd, which measures differently; start a new "
          "evaluation");
    }
    for (const auto& [name, now] : ScorerVersions(plan)) {
      const auto recorded = evaluation.scorer_versions.find(name);
      if (recorded != evaluation.scorer_versions.end() && IsVersion(recorded->second, now)) {
        continue;
      }
      return absl::FailedPreconditionError(
          absl::StrCat("the scorer ", name, " was version ",
                       recorded == evaluation.scorer_versions.end() ? "unknown" : recorded->second,
                       " when the evaluation began and is ", now, " now; start a new evaluation"));
    }
    return absl::OkStatus();
  }

  // Returns true if the evaluation was queued. Returns false if it cannot be resumed; its end was
  // recorded with the samples that it has. Returns an error if its records cannot be read.
  absl::StatusOr<bool> Requeue(Evaluation evaluation) ABSL_LOCKS_EXCLUDED(mutex_) {
    ASSIGN_OR_RETURN(EvaluationPlan plan, dependencies_.store->Plan(evaluation.id));
    RETURN_IF_ERROR(ValidatePlan(plan));
    ASSIGN_OR_RETURN(std::vector<Sample> samples, dependencies_.store->Samples(evaluation.id));
    ASSIGN_OR_RETURN(std::vector<TaskAnswer> answers, dependencies_.store->Answers(evaluation.id));
    absl::Status why;
    if (!evaluation.error.empty()) {
      why = absl::AbortedError(std::exchange(evaluation.error, ""));
    } else {
      why = CheckScorers(plan);
      if (why.ok()) why = CheckVersions(evaluation, plan);
      why = Annotate(why, kCannotResume);
    }
    auto job = std::make_shared<Job>(
        std::move(evaluation), std::move(plan),
        ResumeState{.samples = std::move(samples), .answers = std::move(answers)},
        std::weak_ptr<QueuedFeed>(), dependencies_);
    if (!why.ok()) {
      job->Fail(why);
      return false;
    }
    MutexLock lock(mutex_);
    waiting_.push_back(std::move(job));
    return true;
  }

  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !waiting_.empty();
  }

  void RunJobs() ABSL_LOCKS_EXCLUDED(mutex_) {
    while (true) {
      std::shared_ptr<Job> job;
      {
        MutexLock lock(mutex_);
        mutex_.Await(absl::Condition(this, &QueueRunner::HasWork));
        if (waiting_.empty()) return;
        job = std::move(waiting_.front());
        waiting_.pop_front();
        running_ = job;
      }
      job->Run();
      MutexLock lock(mutex_);
      running_ = nullptr;
    }
  }

  // Returns the result of Cancel() for an evaluation that neither runs nor waits.
  absl::Status CancelEnded(std::string_view id) {
    ASSIGN_OR_RETURN(Evaluation evaluation, dependencies_.store->Get(id));
    // Another Cancel() is recording its end right now.
    if (evaluation.state == EvaluationState::kRunning) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        "evaluation '", std::string(id), "' has already ended; there is nothing to cancel"));
  }

  void Stop() ABSL_LOCKS_EXCLUDED(mutex_, join_mutex_) {
    Suspend();
    MutexLock lock(join_mutex_);
    if (thread_.joinable()) thread_.join();
  }

  const Options options_;
  const JobDependencies dependencies_;
  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::shared_ptr<Job>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Job> running_ ABSL_GUARDED_BY(mutex_);
  absl::BitGen random_ ABSL_GUARDED_BY(mutex_);
  // Held while joining, so that two Shutdown() calls both wait.
  absl::Mutex join_mutex_ ABSL_ACQUIRED_AFTER(mutex_);
  // Must be the last member, because the thread uses the others.
  std::thread thread_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace

std::unique_ptr<Runner> Runner::Create(TextGenerator* generator, MemoryProbe* memory,
                                       const ScorerSet* scorers, RunStore* store, Options options) {
  return std::make_unique<QueueRunner>(generator, memory, scorers, store, std::move(options));
}

}  // namespace assay::evaluator
