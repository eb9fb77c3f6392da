// Tests of evaluations that are resumed after the server was stopped or killed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/call_context.h"
#include "tests/evaluator/run/runner_fixture.h"
#include "tests/patience.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class ResumeTest : public RunnerTest {
 protected:
  // Shuts the runner down during the measured sample number `sample`. Returns the evaluation's id.
  std::string StopAt(int sample) {
    int measured = 0;
    absl::Notification reached;
    generator_.before_answer = [&](const GenerationJob& job, const auto& context) {
      if (job.max_new_tokens < TwoByTwo().max_new_tokens || ++measured < sample) return;
      if (!reached.HasBeenNotified()) reached.Notify();
      while (!context.IsDone()) absl::SleepFor(absl::Milliseconds(1));
    };
    const Runner::Started started = Start(TwoByTwo());
    reached.WaitForNotification();
    runner_->Shutdown();
    generator_.before_answer = nullptr;
    return started.evaluation.id;
  }

  // Acts like a new process: creates another runner and reopens the store.
  absl::StatusOr<std::vector<std::string>> Restart() {
    runner_.reset();
    store_.reset();
    store_ = *RunStore::Open(folder_ / "runs.db");
    Create();
    return runner_->Resume();
  }

  Evaluation WaitForEnd(const std::string& id) {
    const absl::Time limit = absl::Now() + Patience();
    while (absl::Now() < limit) {
      Evaluation evaluation = *store_->Get(id);
      if (evaluation.state != EvaluationState::kRunning) return evaluation;
      absl::SleepFor(absl::Milliseconds(2));
    }
    ADD_FAILURE() << id << " never ended";
    return {};
  }
};

TEST_F(ResumeTest, ASuspendedEvaluationContinuesWithoutRepeatingSamples) {
  const std::string id = StopAt(4);
  ASSERT_THAT(*store_->Samples(id), SizeIs(3));
  const size_t generations = generator_.jobs().size();
  EXPECT_THAT(*Restart(), ElementsAre(id));
  const Evaluation end = WaitForEnd(id);
  EXPECT_EQ(end.state, EvaluationState::kSucceeded) << end.error;
  EXPECT_EQ(end.finished_samples, 8);
  EXPECT_EQ(end.resumes, 1);
  std::set<std::tuple<std::string, std::string, int>> keys;
  const auto samples = store_->Samples(id);
  for (const Sample& s : *samples) keys.insert({s.model, s.prompt_id, s.repeat});
  EXPECT_THAT(keys, SizeIs(8));
  EXPECT_THAT(*samples, SizeIs(8));
  // The warm-ups of two models, and the five samples that were missing.
  EXPECT_EQ(generator_.jobs().size() - generations, 7U);
  EXPECT_EQ(end.summaries[4].samples, 4);
}

// The daemon rejects requests while it stops, which is not a failure of the measured model.
TEST_F(ResumeTest, ASampleRejectedByTheStoppingServerIsTakenAfterTheNextStart) {
  generator_.when_cancelled = absl::UnavailableError("the server is stopping");
  const std::string id = StopAt(4);
  EXPECT_THAT(*store_->Samples(id), SizeIs(3));
  ASSERT_TRUE(Restart().ok());
  const Evaluation end = WaitForEnd(id);
  EXPECT_EQ(end.state, EvaluationState::kSucceeded) << end.error;
  for (const Summary& summary : end.summaries) EXPECT_EQ(summary.failures, 0) << summary.model;
}

// A download takes minutes.
TEST_F(ResumeTest, AShutdownEndsALoad) {
  generator_.before_load = [this](const CallContext& context) {
    held_.Notify();
    while (!context.IsDone()) absl::SleepFor(absl::Milliseconds(1));
  };
  const std::string id = Start(TwoByTwo()).evaluation.id;
  held_.WaitForNotification();
  runner_->Shutdown();
  generator_.before_load = nullptr;
  EXPECT_EQ(store_->Get(id)->state, EvaluationState::kRunning);
  EXPECT_THAT(*store_->Samples(id), IsEmpty());
  ASSERT_TRUE(Restart().ok());
  EXPECT_EQ(WaitForEnd(id).state, EvaluationState::kSucceeded);
}

TEST_F(ResumeTest, InterruptedScalingIsMeasuredAfterTheNextStart) {
  EvaluationPlan plan = TwoByTwo();
  plan.scaling = {.concurrency = {1, 2}, .rounds = 2};
  // The 8 samples and the first level of both models pass.
  std::atomic<int> measured = 0;
  generator_.before_answer = [&](const GenerationJob& job, const auto& context) {
    if (job.max_new_tokens < plan.max_new_tokens) return;
    const int number = ++measured;
    if (number <= 8 + 2 * 2) return;
    if (number == 8 + 2 * 2 + 1) held_.Notify();
    while (!context.IsDone()) absl::SleepFor(absl::Milliseconds(1));
  };
  const std::string id = Start(plan).evaluation.id;
  held_.WaitForNotification();
  runner_->Shutdown();
  generator_.before_answer = nullptr;
  EXPECT_EQ(store_->Get(id)->state, EvaluationState::kRunning);
  EXPECT_THAT(store_->Get(id)->scaling, SizeIs(2));
  EXPECT_THAT(*Restart(), ElementsAre(id));
  const Evaluation end = WaitForEnd(id);
  EXPECT_EQ(end.state, EvaluationState::kSucceeded) << end.error;
  EXPECT_THAT(end.scaling, SizeIs(4));
  EXPECT_EQ(end.finished_samples, 8);
}

// Returns a plan of 60 prompts with five looks. m2 cannot be loaded, so that it scores 0.
EvaluationPlan FiveLooks() {
  EvaluationPlan plan = TwoByTwo();
  plan.repeats = 1;
  plan.prompts.clear();
  for (int i = 0; i < 60; ++i) {
    plan.prompts.push_back({.id = absl::StrCat("p", i),
                            .content_type = i % 2 == 0 ? "twitter" : "linkedin",
                            .prompt = absl::StrCat("prompt ", i)});
  }
  plan.stop_early = {.looks = 5};
  plan.order_seed = 3;
  return plan;
}

TEST_F(ResumeTest, AnEvaluationEndsAtTheLookThatDecides) {
  generator_.prepare_errors["m2"] = absl::NotFoundError("no file");
  const Followed followed = Follow(*Start(FiveLooks()).feed);
  ASSERT_TRUE(followed.end.has_value());
  EXPECT_EQ(followed.end->state, EvaluationState::kSucceeded) << followed.end->error;
  // 12 prompts are too few for the first bound.
  EXPECT_EQ(followed.end->finished_samples, 48);
  EXPECT_EQ(followed.end->total_samples, 120);
  const Evaluation stored = *store_->Get(followed.end->id);
  ASSERT_TRUE(stored.analysis.early_stop.has_value());
  EXPECT_EQ(stored.analysis.early_stop->look, 2);
  EXPECT_EQ(stored.analysis.early_stop->looks, 5);
  EXPECT_EQ(stored.analysis.early_stop->prompts, 24);
  EXPECT_EQ(stored.analysis.early_stop->planned_prompts, 60);
  EXPECT_EQ(stored.analysis.early_stop->reason, "decided");
}

TEST_F(ResumeTest, AResumedEvaluationKeepsItsLooks) {
  generator_.prepare_errors["m2"] = absl::NotFoundError("no file");
  // The restart is within the second block, after the first look.
  int measured = 0;
  absl::Notification reached;
  generator_.before_answer = [&](const GenerationJob& job, const auto& context) {
    if (job.max_new_tokens < TwoByTwo().max_new_tokens || ++measured < 16) return;
    if (!reached.HasBeenNotified()) reached.Notify();
    while (!context.IsDone()) absl::SleepFor(absl::Milliseconds(1));
  };
  const std::string id = Start(FiveLooks()).evaluation.id;
  reached.WaitForNotification();
  runner_->Shutdown();
  generator_.before_answer = nullptr;
  const size_t before = store_->Samples(id)->size();
  EXPECT_GE(before, 30U);
  EXPECT_LT(before, 48U);
  ASSERT_TRUE(Restart().ok());
  const Evaluation end = WaitForEnd(id);
  EXPECT_EQ(end.state, EvaluationState::kSucceeded) << end.error;
  EXPECT_EQ(end.finished_samples, 48);
  ASSERT_TRUE(end.analysis.early_stop.has_value());
  EXPECT_EQ(end.analysis.early_stop->look, 2);
  EXPECT_EQ(end.analysis.early_stop->reason, "decided");
}

TEST_F(ResumeTest, TheOrderOfSamplesIsKept) {
  EvaluationPlan plan = TwoByTwo();
  plan.order_seed = 77;
  const auto keys_of = [this](const std::string& id) {
    std::vector<std::string> keys;
    const auto samples = store_->Samples(id);
    for (const Sample& s : *samples) {
      keys.push_back(absl::StrCat(s.model, s.prompt_id, s.repeat));
    }
    return keys;
  };
  const Runner::Started whole = Start(plan);
  Follow(*whole.feed);
  generator_.before_answer = [this](const GenerationJob& job, const auto& context) {
    if (job.max_new_tokens < TwoByTwo().max_new_tokens) return;
    held_.Notify();
    while (!context.IsDone()) absl::SleepFor(absl::Milliseconds(1));
  };
  const Runner::Started stopped = Start(plan);
  held_.WaitForNotification();
  runner_->Shutdown();
  generator_.before_answer = nullptr;
  ASSERT_TRUE(Restart().ok());
  WaitForEnd(stopped.evaluation.id);
  EXPECT_EQ(keys_of(stopped.evaluation.id), keys_of(whole.evaluation.id));
  EXPECT_EQ(stopped.evaluation.plan_sha256, whole.evaluation.plan_sha256);
}

TEST_F(ResumeTest, AChangedModelEndsTheEvaluation) {
  const std::string id = StopAt(6);
  generator_.revision = "sha256:another";
  ASSERT_TRUE(Restart().ok());
  const Evaluation end = WaitForEnd(id);
  EXPECT_EQ(end.state, EvaluationState::kFailed);
  EXPECT_THAT(end.error, HasSubstr("was sha256:0123456789ab when the evaluation began and is "
                                   "sha256:another now; start a new evaluation"));
  EXPECT_EQ(end.finished_samples, 5);
}

TEST_F(ResumeTest, AMissingScorerEndsTheEvaluation) {
  const std::string id = StopAt(2);
  scorers_ = ScorerSet();
  EXPECT_THAT(*Restart(), IsEmpty());
  EXPECT_EQ(store_->Get(id)->state, EvaluationState::kFailed);
  EXPECT_THAT(store_->Get(id)->error, HasSubstr("scorers[0]: 'classic' is unknown"));
}

// The scorer "classic" in another version.
class NewClassic final : public Scorer {
 public:
  std::string_view name() const override { return "classic"; }
  std::string version() const override { return "2"; }
  absl::StatusOr<Score> ScoreText(const ScoreInput&) const override { return Score{.overall = 9}; }
};

// Otherwise one summary would mix two scales.
TEST_F(ResumeTest, AScorerOfAnotherVersionEndsTheEvaluation) {
  const std::string id = StopAt(3);
  EXPECT_THAT(store_->Get(id)->scorer_versions, ElementsAre(Pair("classic", "1")));
  scorers_.Add(std::make_unique<NewClassic>());
  std::vector<Evaluation> reported;
  options_.on_finished = [&](const Evaluation& evaluation) { reported.push_back(evaluation); };
  EXPECT_THAT(*Restart(), IsEmpty());
  const Evaluation end = *store_->Get(id);
  EXPECT_EQ(end.state, EvaluationState::kFailed);
  EXPECT_THAT(end.error, HasSubstr("the scorer classic was version 1 when the evaluation began and "
                                   "is 2 now; start a new evaluation"));
  EXPECT_EQ(end.finished_samples, 2);
  EXPECT_EQ(end.summaries.front().samples, 1);
  // The log, the metrics and MLflow are informed.
  ASSERT_THAT(reported, SizeIs(1));
  EXPECT_EQ(reported.front().error, end.error);
  EXPECT_EQ(*store_->OutboxDepth(), 3);
}

// The revision is then known from the answers, because there are no samples.
TEST_F(ResumeTest, AChangedModelEndsAnEvaluationWithTasksOnly) {
  EvaluationPlan plan = TwoByTwo();
  plan.prompts.clear();
  plan.tasks = {{.name = "facts", .items = {{"q1", "2 + 2 =", {" 4", " 5"}, 0}}}};
  generator_.likelihoods = {{" 4", -1}, {" 5", -2}};
  generator_.before_likelihoods = [&](const CallContext& context) {
    if (store_->Answers(store_->List(1)->front().id)->empty()) return;
    held_.Notify();
    while (!context.IsDone()) absl::SleepFor(absl::Milliseconds(1));
  };
  const std::string id = Start(plan).evaluation.id;
  held_.WaitForNotification();
  runner_->Shutdown();
  generator_.before_likelihoods = nullptr;
  ASSERT_THAT(*store_->Answers(id), SizeIs(1));
  EXPECT_EQ(store_->Answers(id)->front().revision, generator_.revision);
  generator_.revision = "sha256:another";
  ASSERT_TRUE(Restart().ok());
  const Evaluation end = WaitForEnd(id);
  EXPECT_EQ(end.state, EvaluationState::kFailed);
  EXPECT_THAT(end.error, HasSubstr("model m1 was sha256:0123456789ab when the evaluation began"));
}

// A judge whose revision is unknown until the judge's model is loaded. The revision is part of the
// version.
class Judge final : public Scorer {
 public:
  explicit Judge(std::string revision) : revision_(std::move(revision)) {}
  std::string_view name() const override { return "judge"; }
  std::string version() const override { return "1/big" + revision_; }
  absl::StatusOr<Score> ScoreText(const ScoreInput& /*input*/) const override {
    if (revision_.empty()) revision_ = "@r1";
    return Score{.overall = 9};
  }

 private:
  mutable std::string revision_;
};

TEST_F(ResumeTest, AJudgeOfAnotherRevisionIsAnErrorAndALateRevisionIsNot) {
  EvaluationPlan plan = TwoByTwo();
  plan.scorers = {"judge"};
  scorers_.Add(std::make_unique<Judge>(""));
  const auto stop_at = [&](int sample) {
    int measured = 0;
    absl::Notification reached;
    generator_.before_answer = [&](const GenerationJob& job, const auto& context) {
      if (job.max_new_tokens < plan.max_new_tokens || ++measured < sample) return;
      if (!reached.HasBeenNotified()) reached.Notify();
      while (!context.IsDone()) absl::SleepFor(absl::Milliseconds(1));
    };
    const std::string id = Start(plan).evaluation.id;
    reached.WaitForNotification();
    runner_->Shutdown();
    generator_.before_answer = nullptr;
    return id;
  };
  const std::string id = stop_at(3);
  EXPECT_THAT(store_->Get(id)->scorer_versions, ElementsAre(Pair("judge", "1/big")));
  scorers_.Add(std::make_unique<Judge>("@r1"));
  EXPECT_THAT(*Restart(), ElementsAre(id));
  EXPECT_EQ(WaitForEnd(id).state, EvaluationState::kSucceeded);
  const auto samples = store_->Samples(id);
  for (const Sample& sample : *samples) {
    EXPECT_EQ(sample.scores.front().error, "");
    EXPECT_EQ(sample.scorer_version, "1/big@r1");
  }
  scorers_.Add(std::make_unique<Judge>(""));
  const std::string other = stop_at(3);
  scorers_.Add(std::make_unique<Judge>("@r2"));
  EXPECT_THAT(*Restart(), ElementsAre(other));
  WaitForEnd(other);
  EXPECT_THAT(store_->Samples(other)->back().scores.front().error,
              HasSubstr("the scorer judge was version 1/big@r1 when the evaluation began and is "
                        "1/big@r2 now"));
}

TEST_F(ResumeTest, AnEvaluationWithoutRecordedScorerVersionsIsNotResumed) {
  runner_.reset();
  Evaluation old = RunningEvaluation("ev-1");
  old.scorer_versions.clear();
  ASSERT_TRUE(store_->Begin(old, SomePlan()).ok());
  EXPECT_THAT(*Restart(), IsEmpty());
  EXPECT_THAT(store_->Get("ev-1")->error, HasSubstr("was begun by an older version of assayd"));
}

TEST_F(ResumeTest, AFinishedEvaluationIsNotResumed) {
  const std::string id = Start(TwoByTwo()).evaluation.id;
  WaitForEnd(id);
  EXPECT_THAT(*Restart(), IsEmpty());
}

// Otherwise a sample that crashes the process would be retried at every start.
TEST_F(ResumeTest, AnEvaluationThatStopsTheServerRepeatedlyFails) {
  runner_.reset();
  ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
  for (int start = 0; start <= kMaxStalls; ++start) {
    ASSERT_TRUE(store_->BeginAttempt("ev-1").ok());
    const auto taken = store_->TakeInterrupted();
    ASSERT_TRUE(taken.ok()) << taken.status();
    ASSERT_THAT(*taken, SizeIs(1)) << start;
    EXPECT_EQ(taken->front().error.empty(), start < kMaxStalls) << start;
  }
  std::vector<Evaluation> reported;
  options_.on_finished = [&](const Evaluation& evaluation) { reported.push_back(evaluation); };
  Create();
  ASSERT_TRUE(store_->BeginAttempt("ev-1").ok());
  EXPECT_THAT(*runner_->Resume(), IsEmpty());
  EXPECT_EQ(store_->Get("ev-1")->state, EvaluationState::kFailed);
  EXPECT_THAT(store_->Get("ev-1")->error, HasSubstr("after sample 0 of 4"));
  ASSERT_THAT(reported, SizeIs(1));
  EXPECT_EQ(reported.front().state, EvaluationState::kFailed);
}

// The server stops while another evaluation runs.
TEST_F(ResumeTest, AnEvaluationThatOnlyWaitedIsNotCharged) {
  HoldAtFirstSample();
  const std::string running = Start(TwoByTwo()).evaluation.id;
  const std::string waiting = Start(TwoByTwo()).evaluation.id;
  held_.WaitForNotification();
  // Each connection sees the file as a server does that starts after a kill.
  for (int start = 0; start < 2 * kMaxStalls; ++start) {
    const auto taken = (*RunStore::Open(folder_ / "runs.db"))->TakeInterrupted();
    ASSERT_TRUE(taken.ok()) << taken.status();
    ASSERT_THAT(*taken, SizeIs(2)) << start;
    EXPECT_EQ(taken->back().id, waiting);
    EXPECT_EQ(taken->back().error, "");
    EXPECT_EQ(taken->back().resumes, 0);
    EXPECT_EQ(taken->front().id, running);
    EXPECT_EQ(taken->front().resumes, 1);
  }
  release_.Notify();
  EXPECT_EQ(WaitForEnd(waiting).state, EvaluationState::kSucceeded);
}

// A load is an attempt: the model may be what stops the server.
TEST_F(ResumeTest, ALoadIsAnAttempt) {
  absl::Notification loading;
  generator_.before_load = [&](const CallContext& context) {
    if (!loading.HasBeenNotified()) loading.Notify();
    while (!release_.WaitForNotificationWithTimeout(absl::Milliseconds(1)) && !context.IsDone()) {
    }
  };
  const std::string id = Start(TwoByTwo()).evaluation.id;
  loading.WaitForNotification();
  EXPECT_EQ((*RunStore::Open(folder_ / "runs.db"))->TakeInterrupted()->front().resumes, 1);
  release_.Notify();
  EXPECT_EQ(WaitForEnd(id).state, EvaluationState::kSucceeded);
}

TEST_F(ResumeTest, AScalingLevelCountsAsProgress) {
  runner_.reset();
  ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
  std::vector<ScalingPoint> points;
  for (int start = 0; start < 2 * kMaxStalls; ++start) {
    ASSERT_TRUE(store_->BeginAttempt("ev-1").ok());
    ASSERT_THAT(*store_->TakeInterrupted(), SizeIs(1)) << start;
    points.push_back({.model = "m1", .level = start + 1});
    ASSERT_TRUE(store_->SetScaling("ev-1", points).ok());
  }
}

TEST_F(ResumeTest, ProgressAndOrderlyStopsAreNotStalls) {
  runner_.reset();
  ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
  for (int start = 0; start < 3 * kMaxStalls; ++start) {
    ASSERT_TRUE(store_->BeginAttempt("ev-1").ok());
    ASSERT_THAT(*store_->TakeInterrupted(), SizeIs(1)) << start;
    if (start % 2 == 0) {
      ASSERT_TRUE(store_->Suspend("ev-1").ok());
    } else {
      ASSERT_TRUE(store_->AddSample("ev-1", SomeSample(absl::StrCat("m", start), "p1")).ok());
    }
  }
}

}  // namespace
}  // namespace assay::evaluator
