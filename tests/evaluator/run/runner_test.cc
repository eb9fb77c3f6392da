// Tests of evaluator/run/runner.
#include "evaluator/run/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/call_context.h"
#include "evaluator/plan/plan.h"
#include "evaluator/plan/plan_json.h"
#include "tests/evaluator/run/runner_fixture.h"
#include "tests/evaluator/store/empty_run_store.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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

// Otherwise a measured prompt would be in the caches.
TEST_F(RunnerTest, TheWarmUpUsesNoMeasuredPrompt) {
  Follow(*Start(TwoByTwo()).feed);
  const std::vector<GenerationJob> jobs = generator_.jobs();
  for (const GenerationJob& job : jobs) {
    if (job.max_new_tokens == 64) continue;
    EXPECT_NE(job.prompt, "aa");
    EXPECT_NE(job.prompt, "bbbb");
  }
}

TEST_F(RunnerTest, RepeatsHaveDifferentSeedsAndCandidatesShareThem) {
  EvaluationPlan plan = TwoByTwo();
  plan.repeats = 3;
  plan.sampling = {.temperature = 0.8, .seed = 7};
  const Followed followed = Follow(*Start(plan).feed);
  std::map<std::string, std::set<uint64_t>> by_prompt_and_repeat;
  std::set<uint64_t> all;
  for (const Sample& sample : followed.samples) {
    by_prompt_and_repeat[absl::StrCat(sample.prompt_id, sample.repeat)].insert(sample.seed);
    all.insert(sample.seed);
    EXPECT_LT(sample.seed, uint64_t{1} << 52);
  }
  EXPECT_THAT(by_prompt_and_repeat, SizeIs(6));
  for (const auto& [key, seeds] : by_prompt_and_repeat) EXPECT_THAT(seeds, SizeIs(1)) << key;
  EXPECT_THAT(all, SizeIs(6));
  for (const GenerationJob& job : generator_.jobs()) {
    EXPECT_TRUE(job.max_new_tokens != 64 || all.contains(job.sampling.seed));
  }
  plan.sampling.seed = 8;
  for (const Sample& sample : Follow(*Start(plan).feed).samples) {
    EXPECT_FALSE(all.contains(sample.seed));
  }
}

TEST_F(RunnerTest, ACandidateMayHaveItsOwnSeed) {
  EvaluationPlan plan = TwoByTwo();
  plan.models[1].sampling = Sampling{.temperature = 1, .seed = 5};
  for (const Sample& sample : Follow(*Start(plan).feed).samples) {
    EXPECT_EQ(sample.seed,
              SampleSeed(sample.model == "m2" ? 5 : 0, sample.prompt_id, sample.repeat));
  }
}

TEST_F(RunnerTest, CachedTokensAndKvCacheBytesAreRecorded) {
  generator_.cached_tokens = 32;
  generator_.device_bytes = 5'000'000'000;
  const Runner::Started started = Start(TwoByTwo());
  Follow(*started.feed);
  const auto samples = store_->Samples(started.evaluation.id);
  ASSERT_THAT(*samples, SizeIs(8));
  for (const Sample& sample : *samples) {
    EXPECT_EQ(sample.generation.cached_tokens, 32);
    EXPECT_EQ(sample.memory.device_bytes, 5'000'000'000);
    EXPECT_EQ(sample.memory.kv_cache_bytes, 100 * (sample.generation.prompt_tokens + 40));
  }
}

// Otherwise the report of an old evaluation would have the current prices.
TEST_F(RunnerTest, TheRecordedPlanHasTheEconomicsThatWereUsed) {
  options_.economics.power_watts = 77;
  Create();
  const Runner::Started started = Start(TwoByTwo());
  Follow(*started.feed);
  const auto plan = store_->Plan(started.evaluation.id);
  ASSERT_TRUE(plan->economics.has_value());
  EXPECT_EQ(plan->economics->power_watts, 77);
  EXPECT_EQ(started.evaluation.plan_sha256, PlanSha256(*plan));
}

TEST_F(RunnerTest, SummariesCountPromptsAndHaveNoIntervalForOne) {
  const Followed followed = Follow(*Start(TwoByTwo()).feed);
  ASSERT_TRUE(followed.end);
  for (const Summary& s : followed.end->summaries) {
    const int prompts = s.content_type.empty() ? 2 : 1;
    EXPECT_EQ(s.latency_ms.n, prompts);
    EXPECT_EQ(s.latency_ms.samples, 2 * prompts);
    EXPECT_EQ(s.latency_ms.ci_low.has_value(), prompts > 1);
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
  EXPECT_EQ(all.latency_ms.n, 2);
  EXPECT_EQ(all.latency_ms.samples, 4);
  EXPECT_DOUBLE_EQ(all.latency_ms.mean, 1300);
  EXPECT_DOUBLE_EQ(all.load_seconds, 1.5);
  EXPECT_EQ(all.revision, "sha256:0123456789ab");
  EXPECT_EQ(all.resident_bytes, 400'000'000);
  EXPECT_EQ(all.scorer, "classic");
  EXPECT_FALSE(all.scorer_version.empty());
  EXPECT_DOUBLE_EQ(all.roi_per_piece, (0.000150 - all.cost_usd.mean) / all.cost_usd.mean);
}

TEST_F(RunnerTest, ResultAndOutboxAreStoredBeforeTheFeedEnds) {
  const Runner::Started started = Start(TwoByTwo());
  Follow(*started.feed);
  EXPECT_EQ(store_->Get(started.evaluation.id)->state, EvaluationState::kSucceeded);
  EXPECT_THAT(*store_->Samples(started.evaluation.id), SizeIs(8));
  const auto pending = store_->PendingOutbox(absl::Now(), 10);
  ASSERT_THAT(*pending, SizeIs(3));
  EXPECT_EQ((*pending)[0].run.client_key, started.evaluation.id + "/evaluation");
  EXPECT_EQ((*pending)[1].run.run_name, "business_test_m1");
  EXPECT_EQ((*pending)[2].run.client_key, started.evaluation.id + "/m2");
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

TEST_F(RunnerTest, AFailingPromptIsCountedAndScoresZero) {
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
  // Failed generations score 0.
  EXPECT_EQ(all.quality_score.n, 2);
  EXPECT_EQ(all.quality_score.samples, 4);
  EXPECT_EQ(all.latency_ms.samples, 2);
  EXPECT_DOUBLE_EQ(all.latency_ms.mean, 1400);
}

TEST_F(RunnerTest, AModelThatCannotLoadFailsOnlyItsOwnSamples) {
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
  ASSERT_THAT(*pending, SizeIs(3));
  EXPECT_TRUE((*pending)[0].run.succeeded);
  EXPECT_FALSE((*pending)[1].run.succeeded);
  EXPECT_TRUE((*pending)[2].run.succeeded);
}

TEST_F(RunnerTest, WithoutAnySuccessTheEvaluationFailsWithTheReason) {
  generator_.generate_errors["aa"] = absl::InternalError("broken");
  generator_.generate_errors["bbbb"] = absl::InternalError("broken");
  const Followed followed = Follow(*Start(TwoByTwo()).feed);
  ASSERT_TRUE(followed.end);
  EXPECT_EQ(followed.end->state, EvaluationState::kFailed);
  EXPECT_EQ(followed.end->error, "no sample succeeded; the first failed with INTERNAL: broken");
  EXPECT_EQ(followed.end->finished_samples, 8);
}

TEST_F(RunnerTest, CancelEndsTheRunningJobAndKeepsItsSamples) {
  int measured = 0;
  absl::Notification third;
  generator_.before_answer = [&](const GenerationJob& job, const CallContext& context) {
    if (job.max_new_tokens < 64 || ++measured < 3) return;
    third.Notify();
    while (!context.IsDone()) absl::SleepFor(absl::Milliseconds(1));
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
  plan.models = Candidates({"never"});
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

TEST_F(RunnerTest, ShutdownSuspendsAllJobsAndRejectsNewOnes) {
  HoldAtFirstSample();
  const Runner::Started first = Start(TwoByTwo());
  held_.WaitForNotification();
  const Runner::Started second = Start(TwoByTwo());
  runner_->Shutdown();
  for (const Runner::Started* started : {&first, &second}) {
    const Followed followed = Follow(*started->feed);
    ASSERT_TRUE(followed.end);
    EXPECT_EQ(followed.end->state, EvaluationState::kRunning);
    EXPECT_EQ(store_->Get(started->evaluation.id)->state, EvaluationState::kRunning);
  }
  EXPECT_EQ(runner_->Start(TwoByTwo()).status().code(), absl::StatusCode::kUnavailable);
  runner_->Shutdown();
}

TEST_F(RunnerTest, AnInvalidPlanIsRejectedAndNotRecorded) {
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

class FullStore : public EmptyRunStore {
 public:
  absl::Status AddSample(std::string_view /*id*/, const Sample& /*sample*/) override {
    return absl::ResourceExhaustedError("runs.db: disk is full");
  }
};

TEST_F(RunnerTest, AFullDiskEndsTheEvaluationWithTheReason) {
  FullStore full;
  const auto runner = Runner::Create(&generator_, &memory_, &scorers_, &full, {});
  auto started = runner->Start(TwoByTwo());
  ASSERT_TRUE(started.ok());
  const Followed followed = Follow(*started->feed);
  ASSERT_TRUE(followed.end);
  EXPECT_EQ(followed.end->state, EvaluationState::kFailed);
  EXPECT_EQ(followed.end->error, "a sample could not be recorded: runs.db: disk is full");
}

}  // namespace
}  // namespace assay::evaluator
