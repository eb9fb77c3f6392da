// Tests of evaluator/runner.
#include "evaluator/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "tests/evaluator/fakes.h"
#include "tests/evaluator/temp_folder.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Followed {
  std::vector<Progress> progress;
  std::vector<Sample> samples;
  std::optional<Evaluation> end;
};

Followed Follow(EvaluationFeed& feed) {
  Followed followed;
  while (!followed.end) {
    std::optional<EvaluationEvent> event = feed.Next(absl::Seconds(30));
    if (!event) {
      ADD_FAILURE() << "the feed fell silent";
      return followed;
    }
    if (auto* progress = std::get_if<Progress>(&*event)) followed.progress.push_back(*progress);
    if (auto* sample = std::get_if<Sample>(&*event)) followed.samples.push_back(*sample);
    if (auto* end = std::get_if<Evaluation>(&*event)) followed.end = *end;
  }
  return followed;
}

EvaluationPlan TwoByTwo() {
  EvaluationPlan plan;
  plan.name = "test";
  plan.models = {"m1", "m2"};
  plan.prompts = {{"p1", "twitter", "aa"}, {"p2", "linkedin", "bbbb"}};
  plan.repeats = 2;
  plan.max_new_tokens = 64;
  return plan;
}

class RunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = RunStore::Open(folder_ / "runs.db");
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
    Create();
  }

  void Create() {
    runner_ = Runner::Create(&generator_, &memory_, &scorer_, store_.get(), options_);
  }

  Runner::Started Start(const EvaluationPlan& plan) {
    auto started = runner_->Start(plan);
    EXPECT_TRUE(started.ok()) << started.status();
    return *std::move(started);
  }

  // The generator holds at the first measured sample until released or cancelled.
  void HoldAtFirstSample() {
    generator_.before_answer = [this](const GenerationJob& job, const auto& cancelled) {
      if (job.max_new_tokens < TwoByTwo().max_new_tokens) return;
      if (!held_.HasBeenNotified()) held_.Notify();
      while (!release_.WaitForNotificationWithTimeout(absl::Milliseconds(1)) && !cancelled()) {
      }
    };
  }

  TempFolder folder_;
  FakeGenerator generator_;
  FakeMemory memory_;
  ClassicScorer scorer_;
  std::unique_ptr<RunStore> store_;
  Runner::Options options_;
  absl::Notification held_;
  absl::Notification release_;
  std::unique_ptr<Runner> runner_;
};

TEST_F(RunnerTest, MeasuresAndScoresEverySample) {
  const Runner::Started started = Start(TwoByTwo());
  EXPECT_EQ(started.evaluation.state, EvaluationState::kRunning);
  EXPECT_EQ(started.evaluation.total_samples, 8);
  EXPECT_THAT(started.evaluation.id, testing::MatchesRegex("ev-[0-9]+-[0-9]+-[0-9a-f]+"));
  const Followed followed = Follow(*started.feed);
  ASSERT_TRUE(followed.end);
  EXPECT_EQ(followed.end->state, EvaluationState::kSucceeded) << followed.end->error;
  EXPECT_EQ(followed.end->finished_samples, 8);
  EXPECT_THAT(followed.samples, SizeIs(8));
  for (const Sample& sample : followed.samples) {
    const double length = sample.prompt_id == "p1" ? 2 : 4;
    EXPECT_EQ(sample.generation.total_ms, 1000 + 100 * length);
    EXPECT_DOUBLE_EQ(*sample.quality_score, 5.4);
    EXPECT_EQ(sample.scorer, "classic");
    EXPECT_DOUBLE_EQ(sample.cost_usd, 0.020 * (0.5 + 0.1 * length) / 3600 * 0.15);
    EXPECT_EQ(sample.memory.after_bytes - sample.memory.before_bytes, 1000);
    EXPECT_GE(sample.memory.peak_bytes, 3'000'000'000);
  }
  EXPECT_FALSE(started.feed->Next(absl::Seconds(30)).has_value());
}

TEST_F(RunnerTest, LoadsAndWarmsUpEachModelOnceBeforeTheSamples) {
  Follow(*Start(TwoByTwo()).feed);
  EXPECT_THAT(generator_.prepared(), ElementsAre("m1", "m2"));
  const std::vector<GenerationJob> jobs = generator_.jobs();
  ASSERT_THAT(jobs, SizeIs(10));
  EXPECT_EQ(jobs[0].model, "m1");
  EXPECT_EQ(jobs[0].max_new_tokens, 8);
  EXPECT_EQ(jobs[1].model, "m2");
  EXPECT_EQ(jobs[1].max_new_tokens, 8);
  for (size_t i = 2; i < jobs.size(); i += 2) {
    EXPECT_EQ(jobs[i].max_new_tokens, 64);
    EXPECT_NE(jobs[i].model, jobs[i + 1].model);
    EXPECT_EQ(jobs[i].prompt, jobs[i + 1].prompt);
  }
}

TEST_F(RunnerTest, SummariesAreByModelAndTypeThenByModel) {
  const Followed followed = Follow(*Start(TwoByTwo()).feed);
  ASSERT_TRUE(followed.end);
  std::vector<std::string> names;
  for (const Summary& s : followed.end->summaries) names.push_back(s.model + "/" + s.content_type);
  EXPECT_THAT(names,
              ElementsAre("m1/twitter", "m1/linkedin", "m2/twitter", "m2/linkedin", "m1/", "m2/"));
  const Summary& all = followed.end->summaries[4];
  EXPECT_EQ(all.samples, 4);
  EXPECT_EQ(all.latency_ms.n, 4);
  EXPECT_DOUBLE_EQ(all.latency_ms.mean, 1300);
  EXPECT_DOUBLE_EQ(all.load_seconds, 1.5);
  EXPECT_DOUBLE_EQ(all.roi_per_piece, (0.000150 - all.cost_usd.mean) / all.cost_usd.mean);
}

TEST_F(RunnerTest, ResultAndOutboxAreInTheStoreWhenTheFeedEnds) {
  const Runner::Started started = Start(TwoByTwo());
  Follow(*started.feed);
  EXPECT_EQ(store_->Get(started.evaluation.id)->state, EvaluationState::kSucceeded);
  EXPECT_THAT(*store_->Samples(started.evaluation.id), SizeIs(8));
  const auto pending = store_->PendingOutbox(absl::Now(), 10);
  ASSERT_THAT(*pending, SizeIs(2));
  EXPECT_EQ((*pending)[0].run.run_name, "business_test_m1");
  EXPECT_EQ((*pending)[1].run.client_key, started.evaluation.id + "/m2");
}

TEST_F(RunnerTest, ProgressNamesTheActivityAndEstimatesTheRest) {
  const Followed followed = Follow(*Start(TwoByTwo()).feed);
  ASSERT_FALSE(followed.progress.empty());
  for (const Progress& progress : followed.progress) {
    EXPECT_EQ(progress.total_samples, 8);
    EXPECT_FALSE(progress.activity.empty());
    if (progress.finished_samples > 0) {
      EXPECT_GE(progress.remaining_seconds, 0);
    }
  }
}

TEST_F(RunnerTest, AFailingPromptIsCountedNeverScoredNeverDropped) {
  generator_.generate_errors["aa"] = absl::DeadlineExceededError("took too long");
  const Runner::Started started = Start(TwoByTwo());
  const Followed followed = Follow(*started.feed);
  ASSERT_TRUE(followed.end);
  EXPECT_EQ(followed.end->state, EvaluationState::kSucceeded);
  ASSERT_THAT(followed.samples, SizeIs(8));
  for (const Sample& sample : followed.samples) {
    EXPECT_EQ(sample.error.empty(), sample.prompt_id == "p2");
    EXPECT_EQ(sample.quality_score.has_value(), sample.prompt_id == "p2");
    if (sample.prompt_id == "p1") {
      EXPECT_EQ(sample.error, "DEADLINE_EXCEEDED: took too long");
    }
  }
  const Summary& all = followed.end->summaries[4];
  EXPECT_EQ(all.samples, 4);
  EXPECT_EQ(all.failures, 2);
  EXPECT_EQ(all.success_rate, 0.5);
  EXPECT_EQ(all.quality_score.n, 2);
  EXPECT_DOUBLE_EQ(all.latency_ms.mean, 1400);
}

TEST_F(RunnerTest, AModelThatCannotLoadFailsItsSamplesAndTheOthersGoOn) {
  generator_.prepare_errors["m1"] = absl::DataLossError("m1.gguf: truncated");
  const Followed followed = Follow(*Start(TwoByTwo()).feed);
  ASSERT_TRUE(followed.end);
  EXPECT_EQ(followed.end->state, EvaluationState::kSucceeded);
  for (const Sample& sample : followed.samples) {
    EXPECT_EQ(sample.error, sample.model == "m1" ? "DATA_LOSS: m1.gguf: truncated" : "");
  }
  for (const GenerationJob& job : generator_.jobs()) EXPECT_EQ(job.model, "m2");
  EXPECT_EQ(followed.end->summaries[4].success_rate, 0);
  EXPECT_EQ(followed.end->summaries[5].success_rate, 1);
  const auto pending = store_->PendingOutbox(absl::Now(), 10);
  ASSERT_THAT(*pending, SizeIs(2));
  EXPECT_FALSE((*pending)[0].run.succeeded);
  EXPECT_TRUE((*pending)[1].run.succeeded);
}

TEST_F(RunnerTest, WithoutAnySuccessTheEvaluationIsFailedWithTheReason) {
  generator_.generate_errors["aa"] = absl::InternalError("broken");
  generator_.generate_errors["bbbb"] = absl::InternalError("broken");
  const Followed followed = Follow(*Start(TwoByTwo()).feed);
  ASSERT_TRUE(followed.end);
  EXPECT_EQ(followed.end->state, EvaluationState::kFailed);
  EXPECT_EQ(followed.end->error, "no sample succeeded; the first failed with INTERNAL: broken");
  EXPECT_EQ(followed.end->finished_samples, 8);
}

TEST_F(RunnerTest, CancelEndsTheRunningJobAndKeepsWhatWasMeasured) {
  int measured = 0;
  absl::Notification third;
  generator_.before_answer = [&](const GenerationJob& job, const auto& cancelled) {
    if (job.max_new_tokens < 64 || ++measured < 3) return;
    third.Notify();
    while (!cancelled()) absl::SleepFor(absl::Milliseconds(1));
  };
  const Runner::Started started = Start(TwoByTwo());
  third.WaitForNotification();
  EXPECT_TRUE(runner_->Cancel(started.evaluation.id).ok());
  const Followed followed = Follow(*started.feed);
  ASSERT_TRUE(followed.end);
  EXPECT_EQ(followed.end->state, EvaluationState::kCancelled);
  EXPECT_EQ(followed.end->finished_samples, 2);
  EXPECT_THAT(*store_->Samples(started.evaluation.id), SizeIs(2));
  EXPECT_FALSE(followed.end->summaries.empty());
  const absl::Status again = runner_->Cancel(started.evaluation.id);
  EXPECT_EQ(again.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(again.message()), HasSubstr(started.evaluation.id));
}

TEST_F(RunnerTest, CancelOfAnUnknownIdIsNotFound) {
  EXPECT_EQ(runner_->Cancel("ev-x").code(), absl::StatusCode::kNotFound);
}

TEST_F(RunnerTest, AWaitingJobIsCancelledAtOnceAndNeverRuns) {
  HoldAtFirstSample();
  const Runner::Started first = Start(TwoByTwo());
  held_.WaitForNotification();
  EvaluationPlan plan = TwoByTwo();
  plan.models = {"never"};
  const Runner::Started second = Start(plan);
  EXPECT_TRUE(runner_->Cancel(second.evaluation.id).ok());
  const Followed cancelled = Follow(*second.feed);
  EXPECT_EQ(cancelled.end->state, EvaluationState::kCancelled);
  EXPECT_EQ(cancelled.progress.front().activity, "waiting for 1 evaluation(s)");
  EXPECT_EQ(store_->Get(first.evaluation.id)->state, EvaluationState::kRunning);
  release_.Notify();
  EXPECT_EQ(Follow(*first.feed).end->state, EvaluationState::kSucceeded);
  EXPECT_THAT(generator_.prepared(), ElementsAre("m1", "m2"));
}

TEST_F(RunnerTest, TooManyWaitingJobsAreResourceExhausted) {
  options_.max_waiting = 1;
  Create();
  HoldAtFirstSample();
  const Runner::Started first = Start(TwoByTwo());
  held_.WaitForNotification();
  const Runner::Started second = Start(TwoByTwo());
  const auto third = runner_->Start(TwoByTwo());
  EXPECT_EQ(third.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(*store_->List(10), SizeIs(2));
  release_.Notify();
  EXPECT_EQ(Follow(*first.feed).end->state, EvaluationState::kSucceeded);
  EXPECT_EQ(Follow(*second.feed).end->state, EvaluationState::kSucceeded);
}

TEST_F(RunnerTest, TheJobOutlivesItsClient) {
  HoldAtFirstSample();
  const std::string id = Start(TwoByTwo()).evaluation.id;
  held_.WaitForNotification();
  release_.Notify();
  Follow(*Start(TwoByTwo()).feed);
  EXPECT_EQ(store_->Get(id)->state, EvaluationState::kSucceeded);
  EXPECT_EQ(store_->Get(id)->finished_samples, 8);
}

TEST_F(RunnerTest, ShutdownCancelsAllJobsAndRefusesNewOnes) {
  HoldAtFirstSample();
  const Runner::Started first = Start(TwoByTwo());
  held_.WaitForNotification();
  const Runner::Started second = Start(TwoByTwo());
  runner_->Shutdown();
  EXPECT_EQ(store_->Get(first.evaluation.id)->state, EvaluationState::kCancelled);
  EXPECT_EQ(store_->Get(second.evaluation.id)->state, EvaluationState::kCancelled);
  EXPECT_EQ(runner_->Start(TwoByTwo()).status().code(), absl::StatusCode::kUnavailable);
  runner_->Shutdown();
}

TEST_F(RunnerTest, ABadPlanIsRefusedAndNotRecorded) {
  EvaluationPlan plan = TwoByTwo();
  plan.sampling.top_p = 7;
  const auto started = runner_->Start(plan);
  EXPECT_EQ(started.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(started.status().message()), HasSubstr("sampling.top_p: 7"));
  EXPECT_THAT(*store_->List(10), IsEmpty());
}

TEST_F(RunnerTest, ObserversSeeEverySampleAndTheEnd) {
  int samples = 0;
  std::vector<EvaluationState> ends;
  options_.on_sample = [&samples](const Sample& /*sample*/) { ++samples; };
  options_.on_finished = [&ends](const Evaluation& end) { ends.push_back(end.state); };
  Create();
  Follow(*Start(TwoByTwo()).feed);
  EXPECT_EQ(samples, 8);
  EXPECT_THAT(ends, ElementsAre(EvaluationState::kSucceeded));
}

class FullStore : public RunStore {
 public:
  absl::Status Begin(const Evaluation& /*e*/, const EvaluationPlan& /*p*/) override {
    return absl::OkStatus();
  }
  absl::Status AddSample(std::string_view /*id*/, const Sample& /*s*/) override {
    return absl::ResourceExhaustedError("runs.db: disk is full");
  }
  absl::Status Finish(const Evaluation& /*e*/, const std::vector<TrackedRun>& /*o*/) override {
    return absl::OkStatus();
  }
  absl::StatusOr<Evaluation> Get(std::string_view /*id*/) override { return Evaluation{}; }
  absl::StatusOr<std::vector<Sample>> Samples(std::string_view /*id*/) override {
    return std::vector<Sample>{};
  }
  absl::StatusOr<std::vector<Evaluation>> List(int /*limit*/) override {
    return std::vector<Evaluation>{};
  }
  absl::StatusOr<std::vector<OutboxEntry>> PendingOutbox(absl::Time /*n*/, int /*l*/) override {
    return std::vector<OutboxEntry>{};
  }
  absl::Status CompleteOutbox(int64_t /*id*/, const TrackingRun& /*r*/) override {
    return absl::OkStatus();
  }
  absl::Status PostponeOutbox(int64_t /*id*/, absl::Time /*t*/, std::string_view /*e*/) override {
    return absl::OkStatus();
  }
  absl::StatusOr<int64_t> OutboxDepth() override { return 0; }
};

TEST_F(RunnerTest, AFullDiskEndsTheEvaluationWithTheReason) {
  FullStore full;
  const auto runner = Runner::Create(&generator_, &memory_, &scorer_, &full, {});
  auto started = runner->Start(TwoByTwo());
  ASSERT_TRUE(started.ok());
  const Followed followed = Follow(*started->feed);
  ASSERT_TRUE(followed.end);
  EXPECT_EQ(followed.end->state, EvaluationState::kFailed);
  EXPECT_EQ(followed.end->error, "a sample could not be recorded: runs.db: disk is full");
}

}  // namespace
}  // namespace assay::evaluator
