// Tests of evaluator/run_store.
#include "evaluator/store/run_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "evaluator/plan/plan_json.h"
#include "evaluator/store/schema.h"
#include "evaluator/store/sqlite.h"
#include "tests/evaluator/records/records.h"
#include "tests/evaluator/store/temp_folder.h"

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uid_t kNobody = 65534;

class RunStoreTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    store_.reset();
    auto opened = RunStore::Open(path_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

  void BeginAndFinish(const std::string& id, const std::vector<TrackedRun>& outbox) {
    Evaluation evaluation = RunningEvaluation(id);
    ASSERT_TRUE(store_->Begin(evaluation, SomePlan()).ok());
    evaluation.state = EvaluationState::kSucceeded;
    evaluation.finished_at = evaluation.started_at + absl::Seconds(100);
    evaluation.summaries = {SomeSummary()};
    const absl::Status finished = store_->Finish(evaluation, outbox);
    ASSERT_TRUE(finished.ok()) << finished;
  }

  TempFolder folder_;
  std::string path_ = folder_ / "made/on/demand/runs.db";
  std::unique_ptr<RunStore> store_;
};

TEST_F(RunStoreTest, ARunningEvaluationCountsItsSamples) {
  ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
  ASSERT_TRUE(store_->AddSample("ev-1", SomeSample("m1", "p1")).ok());
  const auto evaluation = store_->Get("ev-1");
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_EQ(evaluation->state, EvaluationState::kRunning);
  EXPECT_EQ(evaluation->name, "which model writes");
  EXPECT_EQ(evaluation->started_at, RunningEvaluation("").started_at);
  EXPECT_EQ(evaluation->finished_at, absl::Time());
  EXPECT_EQ(evaluation->finished_samples, 1);
  EXPECT_EQ(evaluation->total_samples, 4);
}

TEST_F(RunStoreTest, SamplesComeBackWholeAndInOrderAfterReopening) {
  ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
  Sample failed = SomeSample("m2", "p1");
  failed.error = "DEADLINE_EXCEEDED: too slow";
  failed.quality_score.reset();
  ASSERT_TRUE(store_->AddSample("ev-1", SomeSample("m1", "p1")).ok());
  ASSERT_TRUE(store_->AddSample("ev-1", failed).ok());
  Reopen();
  const auto samples = store_->Samples("ev-1");
  ASSERT_TRUE(samples.ok()) << samples.status();
  ASSERT_THAT(*samples, SizeIs(2));
  const Sample expected = SomeSample("m1", "p1");
  const Sample& sample = samples->front();
  EXPECT_EQ(sample.model, expected.model);
  EXPECT_EQ(sample.content_type, expected.content_type);
  EXPECT_EQ(sample.prompt_id, expected.prompt_id);
  EXPECT_EQ(sample.repeat, expected.repeat);
  EXPECT_EQ(sample.error, "");
  EXPECT_EQ(sample.generation.text, expected.generation.text);
  EXPECT_EQ(sample.generation.finish_reason, expected.generation.finish_reason);
  EXPECT_EQ(sample.generation.prompt_tokens, expected.generation.prompt_tokens);
  EXPECT_EQ(sample.generation.completion_tokens, expected.generation.completion_tokens);
  EXPECT_EQ(sample.generation.queue_ms, expected.generation.queue_ms);
  EXPECT_EQ(sample.generation.prefill_ms, expected.generation.prefill_ms);
  EXPECT_EQ(sample.generation.first_token_ms, expected.generation.first_token_ms);
  EXPECT_EQ(sample.generation.per_token_ms, expected.generation.per_token_ms);
  EXPECT_EQ(sample.generation.total_ms, expected.generation.total_ms);
  EXPECT_EQ(sample.generation.tokens_per_second, expected.generation.tokens_per_second);
  EXPECT_EQ(sample.quality_score, expected.quality_score);
  EXPECT_EQ(sample.scorer, expected.scorer);
  EXPECT_EQ(sample.scorer_version, expected.scorer_version);
  EXPECT_EQ(sample.memory.before_bytes, expected.memory.before_bytes);
  EXPECT_EQ(sample.memory.after_bytes, expected.memory.after_bytes);
  EXPECT_EQ(sample.memory.peak_bytes, expected.memory.peak_bytes);
  EXPECT_EQ(sample.cost_usd, expected.cost_usd);
  EXPECT_EQ(sample.finished_at, expected.finished_at);
  EXPECT_EQ(sample.revision, "sha256:1f0c9a7b3d21");
  EXPECT_EQ(sample.energy.joules, 40.5);
  EXPECT_EQ(sample.energy.source, "rapl");
  EXPECT_EQ(sample.generation.inter_token_p50_ms, 3.5);
  EXPECT_EQ(sample.generation.inter_token_p90_ms, 4.5);
  EXPECT_EQ(sample.generation.inter_token_p99_ms, 9.5);
  ASSERT_THAT(sample.scores, SizeIs(2));
  EXPECT_EQ(sample.scores[0].scorer, "classic");
  EXPECT_EQ(sample.scores[0].overall, 8.4);
  EXPECT_EQ(sample.scores[0].parts.at("base"), 5);
  EXPECT_FALSE(sample.scores[1].overall.has_value());
  EXPECT_EQ(sample.scores[1].error, "DEADLINE_EXCEEDED: 30 s");
  EXPECT_EQ(samples->back().error, failed.error);
  EXPECT_FALSE(samples->back().quality_score.has_value());
}

TEST_F(RunStoreTest, AFinishedEvaluationKeepsItsSummaries) {
  BeginAndFinish("ev-1", {});
  Reopen();
  const auto evaluation = store_->Get("ev-1");
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_EQ(evaluation->state, EvaluationState::kSucceeded);
  EXPECT_EQ(evaluation->finished_at, evaluation->started_at + absl::Seconds(100));
  ASSERT_THAT(evaluation->summaries, SizeIs(1));
  const Summary& summary = evaluation->summaries.front();
  EXPECT_EQ(summary.content_type, "linkedin");
  EXPECT_EQ(summary.failures, 1);
  EXPECT_EQ(summary.quality_score.ci_high, 8.6);
  EXPECT_EQ(summary.latency_ms.p90, 2050);
  EXPECT_EQ(summary.memory.peak_bytes, 3);
  EXPECT_EQ(summary.load_seconds, 0.75);
  EXPECT_EQ(summary.revision, "sha256:1f0c9a7b3d21");
  EXPECT_EQ(summary.resident_bytes, 5'000'000'001);
  EXPECT_EQ(summary.scorer, "classic");
  EXPECT_EQ(summary.scorer_version, "1");
}

TEST_F(RunStoreTest, SamplesAreNeverTakenTwiceNorChanged) {
  ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
  ASSERT_TRUE(store_->AddSample("ev-1", SomeSample("m1", "p1")).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(store_->AddSample("ev-1", SomeSample("m1", "p1"))));
  store_.reset();
  const absl::Status changed =
      (*sqlite::Database::Open(path_))->Execute("UPDATE samples SET quality_score = 10");
  EXPECT_THAT(std::string(changed.message()), HasSubstr("samples are never changed"));
}

TEST_F(RunStoreTest, AnswersComeBackWholeAndCount) {
  ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
  const TaskAnswer answer{.model = "m1",
                          .task = "facts",
                          .item_id = "q1",
                          .log_likelihoods = {-1.25, -2.5},
                          .tokens = {3, 4},
                          .chosen = 0,
                          .correct = true,
                          .chosen_by_length = 1};
  ASSERT_TRUE(store_->AddAnswer("ev-1", answer).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(store_->AddAnswer("ev-1", answer)));
  Reopen();
  const auto answers = store_->Answers("ev-1");
  ASSERT_TRUE(answers.ok()) << answers.status();
  ASSERT_THAT(*answers, SizeIs(1));
  EXPECT_EQ(answers->front().log_likelihoods, answer.log_likelihoods);
  EXPECT_EQ(answers->front().tokens, answer.tokens);
  EXPECT_TRUE(answers->front().correct);
  EXPECT_EQ(answers->front().chosen_by_length, 1);
  EXPECT_EQ(store_->Get("ev-1")->finished_samples, 1);
  EXPECT_TRUE(absl::IsNotFound(store_->Answers("ev-2").status()));
}

TEST_F(RunStoreTest, APlanComesBackWhole) {
  ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), FullPlan()).ok());
  Reopen();
  const auto plan = store_->Plan("ev-1");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(PlanToJson(*plan), PlanToJson(FullPlan()));
  EXPECT_EQ(plan->order_seed, FullPlan().order_seed);
  EXPECT_TRUE(absl::IsNotFound(store_->Plan("ev-2").status()));
}

TEST_F(RunStoreTest, ADatabaseOfTheFirstSchemaIsMigratedAndKeepsItsEvaluations) {
  store_.reset();
  std::filesystem::remove(path_);
  auto database = sqlite::Database::Open(path_);
  ASSERT_TRUE(database.ok());
  ASSERT_TRUE((*database)->Execute(kMigrations[0]).ok());
  ASSERT_TRUE((*database)
                  ->Execute(absl::StrCat(
                      "PRAGMA application_id = ", kApplicationId, "; PRAGMA user_version = 1;",
                      "INSERT INTO evaluations VALUES ('ev-1', 'old', 0, '', 1, NULL, 2,"
                      " '{\"name\":\"old\",\"models\":[\"m1\"],\"prompts\":[{\"id\":\"p1\","
                      "\"content_type\":\"twitter\",\"prompt\":\"x\"}],\"repeats\":2,"
                      "\"max_new_tokens\":9,\"timeout_ms\":1}', '[]');",
                      "INSERT INTO samples VALUES (1, 'ev-1', 'm1', 'twitter', 'p1', 0, '', 'text',"
                      " 'length', 1, 2, 0, 0, 0, 0, 5, 6, 7.5, 'classic', '1', 1, 2, 3, 0.1);"))
                  .ok());
  database->reset();
  Reopen();
  const auto samples = store_->Samples("ev-1");
  ASSERT_TRUE(samples.ok()) << samples.status();
  EXPECT_EQ(samples->front().quality_score, 7.5);
  EXPECT_THAT(samples->front().scores, IsEmpty());
  const auto plan = store_->Plan("ev-1");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->models.front().name, "m1");
  EXPECT_EQ(plan->models.front().model, "m1");
  EXPECT_EQ(plan->repeats, 2);
  const auto interrupted = store_->TakeInterrupted();
  EXPECT_EQ(interrupted->front().id, "ev-1");
  EXPECT_THAT(interrupted->front().scorer_versions, IsEmpty());
}

TEST_F(RunStoreTest, ASampleIsNeverTakenAwayButWithItsEvaluation) {
  ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
  ASSERT_TRUE(store_->AddSample("ev-1", SomeSample("m1", "p1")).ok());
  ASSERT_TRUE(store_->AddAnswer("ev-1", {.model = "m1", .task = "t", .item_id = "q"}).ok());
  store_.reset();
  auto database = *sqlite::Database::Open(path_);
  ASSERT_TRUE(database->Execute("PRAGMA foreign_keys = ON").ok());
  EXPECT_THAT(std::string(database->Execute("DELETE FROM samples").message()),
              HasSubstr("samples are never taken away"));
  EXPECT_THAT(std::string(database->Execute("DELETE FROM task_answers").message()),
              HasSubstr("answers are never taken away"));
  EXPECT_THAT(std::string(database->Execute("UPDATE samples SET text = ''").message()),
              HasSubstr("samples are never changed"));
  EXPECT_EQ(*database->QueryInteger("SELECT count(*) FROM samples"), 1);
  EXPECT_TRUE(database->Execute("DELETE FROM evaluations").ok());
  EXPECT_EQ(*database->QueryInteger("SELECT count(*) FROM samples"), 0);
}

// Older versions counted repeats as evidence, and wrote one value's interval as of no width.
TEST_F(RunStoreTest, TheIntervalOfOneValueInAnOldSummaryIsDropped) {
  BeginAndFinish("ev-1", {});
  store_.reset();
  ASSERT_TRUE((*sqlite::Database::Open(path_))
                  ->Execute("UPDATE evaluations SET summaries = json_set(json_remove(summaries,"
                            " '$[0].quality_score.samples', '$[0].latency_ms.samples'),"
                            " '$[0].quality_score.n', 1)")
                  .ok());
  Reopen();
  const auto evaluation = store_->Get("ev-1");
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_FALSE(evaluation->summaries.front().quality_score.ci_low.has_value());
  EXPECT_EQ(evaluation->summaries.front().latency_ms.samples, 2);
  EXPECT_TRUE(evaluation->summaries.front().latency_ms.ci_low.has_value());
}

TEST_F(RunStoreTest, ADatabaseFromBeforeRevisionsOpens) {
  BeginAndFinish("ev-1", {});
  store_.reset();
  ASSERT_TRUE((*sqlite::Database::Open(path_))
                  ->Execute("UPDATE evaluations SET summaries = json_remove(summaries,"
                            " '$[0].revision', '$[0].resident_bytes', '$[0].scorer',"
                            " '$[0].scorer_version')")
                  .ok());
  Reopen();
  const auto evaluation = store_->Get("ev-1");
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_EQ(evaluation->summaries.front().revision, "");
  EXPECT_EQ(evaluation->summaries.front().load_seconds, 0.75);
}

TEST_F(RunStoreTest, ASummaryThatLacksAFieldOfOldIsDataLossAndNamed) {
  BeginAndFinish("ev-1", {});
  ASSERT_TRUE((*sqlite::Database::Open(path_))
                  ->Execute("UPDATE evaluations SET summaries = json_remove(summaries,"
                            " '$[0].samples')")
                  .ok());
  const absl::Status status = store_->Get("ev-1").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("samples"));
}

TEST_F(RunStoreTest, ListIsNewestFirstAndLimited) {
  for (int i = 0; i < 3; ++i) {
    Evaluation evaluation = RunningEvaluation("ev-" + std::to_string(i));
    evaluation.started_at += absl::Seconds(i);
    ASSERT_TRUE(store_->Begin(evaluation, SomePlan()).ok());
  }
  const auto list = store_->List(2);
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_THAT(*list, SizeIs(2));
  EXPECT_EQ((*list)[0].id, "ev-2");
  EXPECT_EQ((*list)[1].id, "ev-1");
  EXPECT_THAT(*store_->List(-1), IsEmpty());
}

TEST_F(RunStoreTest, UnknownIdsAreNotFoundAndNamed) {
  const auto evaluation = store_->Get("ev-x");
  EXPECT_EQ(evaluation.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(evaluation.status().message()), HasSubstr("'ev-x'"));
  EXPECT_EQ(store_->Samples("ev-x").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->AddSample("ev-x", SomeSample("m", "p")).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->Finish(RunningEvaluation("ev-x"), {}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->CompleteOutbox(7, {}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->PostponeOutbox(7, absl::Now(), "").code(), absl::StatusCode::kNotFound);
}

TEST_F(RunStoreTest, TheSameSampleTwiceIsRefused) {
  ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
  ASSERT_TRUE(store_->AddSample("ev-1", SomeSample("m1", "p1")).ok());
  EXPECT_EQ(store_->AddSample("ev-1", SomeSample("m1", "p1")).code(),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(RunStoreTest, OutboxReturnsTheRunAsItWasGiven) {
  BeginAndFinish("ev-1", {SomeRun("ev-1", "m1"), SomeRun("ev-1", "m2")});
  Reopen();
  const auto pending = store_->PendingOutbox(absl::Now(), 10);
  ASSERT_TRUE(pending.ok()) << pending.status();
  ASSERT_THAT(*pending, SizeIs(2));
  const TrackedRun expected = SomeRun("ev-1", "m1");
  const TrackedRun& run = pending->front().run;
  EXPECT_EQ(pending->front().attempts, 0);
  EXPECT_EQ(run.client_key, "ev-1/m1");
  EXPECT_EQ(run.run_name, expected.run_name);
  EXPECT_EQ(run.started_at, expected.started_at);
  EXPECT_EQ(run.finished_at, expected.finished_at);
  EXPECT_TRUE(run.succeeded);
  EXPECT_EQ(run.params, expected.params);
  EXPECT_EQ(run.tags, expected.tags);
  ASSERT_THAT(run.metrics, SizeIs(2));
  EXPECT_EQ(run.metrics[1].key, "sample/cost_per_request");
  EXPECT_EQ(run.metrics[1].value, 1.7e-6);
  EXPECT_EQ(run.metrics[1].time, expected.started_at);
  EXPECT_EQ(run.metrics[1].step, 7);
}

TEST_F(RunStoreTest, FinishWithABadOutboxEntryChangesNothing) {
  BeginAndFinish("ev-1", {SomeRun("ev-1", "m1")});
  Evaluation second = RunningEvaluation("ev-2");
  ASSERT_TRUE(store_->Begin(second, SomePlan()).ok());
  second.state = EvaluationState::kSucceeded;
  const absl::Status status =
      store_->Finish(second, {SomeRun("ev-2", "m1"), SomeRun("ev-1", "m1")});
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << status;
  EXPECT_EQ(store_->Get("ev-2")->state, EvaluationState::kRunning);
  EXPECT_EQ(*store_->OutboxDepth(), 1);
}

// Two jobs of one evaluation would each write an end of it.
TEST_F(RunStoreTest, AnEvaluationEndsOnce) {
  BeginAndFinish("ev-1", {SomeRun("ev-1", "m1")});
  Evaluation again = *store_->Get("ev-1");
  again.state = EvaluationState::kFailed;
  const absl::Status status = store_->Finish(again, {SomeRun("ev-1", "m2")});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_EQ(store_->Get("ev-1")->state, EvaluationState::kSucceeded);
  EXPECT_EQ(*store_->OutboxDepth(), 1);
}

TEST_F(RunStoreTest, CompletingAnEntryMovesItToTheEvaluation) {
  BeginAndFinish("ev-1", {SomeRun("ev-1", "m1"), SomeRun("ev-1", "m2")});
  const int64_t id = store_->PendingOutbox(absl::Now(), 1)->front().id;
  ASSERT_TRUE(store_->CompleteOutbox(id, {"m1", "run7", "http://localhost/run7"}).ok());
  EXPECT_EQ(*store_->OutboxDepth(), 1);
  const auto evaluation = store_->Get("ev-1");
  ASSERT_THAT(evaluation->runs, SizeIs(1));
  EXPECT_EQ(evaluation->runs[0].model, "m1");
  EXPECT_EQ(evaluation->runs[0].run_id, "run7");
  EXPECT_EQ(evaluation->runs[0].url, "http://localhost/run7");
}

TEST_F(RunStoreTest, TheOldestEntryIsTheOneThatWaitsLongest) {
  EXPECT_EQ(*store_->OldestOutbox(), absl::InfiniteFuture());
  BeginAndFinish("ev-1", {SomeRun("ev-1", "m1")});
  const absl::Time oldest = *store_->OldestOutbox();
  // When the evaluation ended.
  EXPECT_EQ(oldest, store_->Get("ev-1")->finished_at);
  BeginAndFinish("ev-2", {SomeRun("ev-2", "m1")});
  EXPECT_EQ(*store_->OldestOutbox(), oldest);
  const int64_t id = store_->PendingOutbox(absl::Now(), 1)->front().id;
  ASSERT_TRUE(store_->CompleteOutbox(id, {"m1", "run7", "url"}).ok());
  EXPECT_GE(*store_->OldestOutbox(), oldest);
}

TEST_F(RunStoreTest, AnEntryThatCannotBeToldStaysInTheOutbox) {
  BeginAndFinish("ev-1", {SomeRun("ev-1", "m1"), SomeRun("ev-1", "m2")});
  const auto pending = store_->PendingOutbox(absl::Now(), 2);
  ASSERT_TRUE(store_->CompleteOutbox(pending->front().id, {"m1", "run7", "url"}).ok());
  const absl::Status twice = store_->CompleteOutbox(pending->back().id, {"m1", "run8", "url"});
  EXPECT_EQ(twice.code(), absl::StatusCode::kAlreadyExists) << twice;
  EXPECT_EQ(*store_->OutboxDepth(), 1);
}

TEST_F(RunStoreTest, APostponedEntryWaitsAndCountsItsAttempts) {
  BeginAndFinish("ev-1", {SomeRun("ev-1", "m1")});
  const absl::Time now = absl::Now();
  const int64_t id = store_->PendingOutbox(now, 1)->front().id;
  ASSERT_TRUE(store_->PostponeOutbox(id, now + absl::Minutes(1), "connection refused").ok());
  EXPECT_THAT(*store_->PendingOutbox(now + absl::Seconds(59), 10), IsEmpty());
  const auto later = store_->PendingOutbox(now + absl::Minutes(1), 10);
  ASSERT_THAT(*later, SizeIs(1));
  EXPECT_EQ(later->front().attempts, 1);
}

TEST_F(RunStoreTest, WritesAreDurableWalTransactions) {
  auto other = sqlite::Database::Open(path_);
  auto mode = (*other)->Prepare("PRAGMA journal_mode");
  ASSERT_TRUE(*mode->Step());
  EXPECT_EQ(mode->Text(0), "wal");
}

TEST(RunStoreOpenTest, AFileThatIsNoDatabaseIsDataLossAndKept) {
  const TempFolder folder;
  const std::string path = folder / "notes.txt";
  const std::string text(2000, 'x');
  std::ofstream(path) << text;
  const auto store = RunStore::Open(path);
  EXPECT_EQ(store.status().code(), absl::StatusCode::kDataLoss) << store.status();
  EXPECT_THAT(std::string(store.status().message()), HasSubstr(path));
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
}

TEST(RunStoreOpenTest, ANewerSchemaIsDataLossWithBothVersions) {
  const TempFolder folder;
  const std::string path = folder / "runs.db";
  ASSERT_TRUE(RunStore::Open(path).ok());
  ASSERT_TRUE((*sqlite::Database::Open(path))->Execute("PRAGMA user_version = 99").ok());
  const auto store = RunStore::Open(path);
  EXPECT_EQ(store.status().code(), absl::StatusCode::kDataLoss) << store.status();
  EXPECT_THAT(std::string(store.status().message()), HasSubstr("schema version 99"));
  EXPECT_THAT(std::string(store.status().message()), HasSubstr("up to 3"));
}

TEST(RunStoreOpenTest, AnotherApplicationsDatabaseIsLeftAlone) {
  const TempFolder folder;
  const std::string path = folder / "other.db";
  ASSERT_TRUE((*sqlite::Database::Open(path))->Execute("CREATE TABLE invoices (id)").ok());
  const auto store = RunStore::Open(path);
  EXPECT_EQ(store.status().code(), absl::StatusCode::kDataLoss) << store.status();
  EXPECT_THAT(std::string(store.status().message()), HasSubstr("another application"));
  EXPECT_EQ(*(*sqlite::Database::Open(path))->QueryInteger("SELECT count(*) FROM sqlite_schema"),
            1);
}

TEST(RunStoreOpenTest, AFolderThatIsAFileIsNamed) {
  const TempFolder folder;
  std::ofstream(folder / "file") << "x";
  const auto store = RunStore::Open(folder / "file/runs.db");
  EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition) << store.status();
  EXPECT_THAT(std::string(store.status().message()), HasSubstr(folder / "file"));
}

// Root may write everywhere, so the test steps down while it opens.
class UnprivilegedOpenTest : public testing::Test {
 protected:
  absl::StatusCode OpenUnprivileged(const std::string& path) {
    const uid_t self = geteuid();
    if (self == 0) {
      EXPECT_EQ(seteuid(kNobody), 0);
    }
    const auto store = RunStore::Open(path);
    EXPECT_THAT(std::string(store.status().message()), HasSubstr(path));
    if (self == 0) {
      EXPECT_EQ(seteuid(self), 0);
    }
    return store.status().code();
  }

  TempFolder folder_;
};

TEST_F(UnprivilegedOpenTest, AnUnwritableFolderIsPermissionDenied) {
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0555));
  EXPECT_EQ(OpenUnprivileged(folder_ / "runs.db"), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(OpenUnprivileged(folder_ / "sub/runs.db"), absl::StatusCode::kPermissionDenied);
}

TEST_F(UnprivilegedOpenTest, AReadOnlyFileIsPermissionDenied) {
  ASSERT_TRUE(RunStore::Open(folder_ / "runs.db").ok());
  std::filesystem::permissions(folder_ / "runs.db", std::filesystem::perms(0444));
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0555));
  EXPECT_EQ(OpenUnprivileged(folder_ / "runs.db"), absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace assay::evaluator
