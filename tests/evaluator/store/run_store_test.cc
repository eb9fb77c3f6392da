// Tests of the evaluations in the run store, and of its opening.
#include "evaluator/store/run_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "evaluator/plan/plan_json.h"
#include "evaluator/store/schema.h"
#include "evaluator/store/sqlite.h"
#include "tests/evaluator/store/run_store_fixture.h"

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uid_t kNobody = 65534;

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

TEST_F(RunStoreTest, APlanIsUnchangedAfterReopening) {
  ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), FullPlan()).ok());
  Reopen();
  const auto plan = store_->Plan("ev-1");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(PlanToJson(*plan), PlanToJson(FullPlan()));
  EXPECT_EQ(plan->order_seed, FullPlan().order_seed);
  EXPECT_TRUE(absl::IsNotFound(store_->Plan("ev-2").status()));
}

TEST_F(RunStoreTest, ADatabaseWithTheFirstSchemaIsMigratedAndKeepsItsEvaluations) {
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

// Older versions treated repeats as independent, and wrote an interval of zero width for one value.
TEST_F(RunStoreTest, TheIntervalOfASingleValueInAnOldSummaryIsDropped) {
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

TEST_F(RunStoreTest, ASummaryWithoutARevisionIsRead) {
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

TEST_F(RunStoreTest, ASummaryWithoutARequiredFieldIsDataLossWithTheField) {
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

TEST_F(RunStoreTest, UnknownIdsAreNotFoundWithTheId) {
  const auto evaluation = store_->Get("ev-x");
  EXPECT_EQ(evaluation.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(evaluation.status().message()), HasSubstr("'ev-x'"));
  EXPECT_EQ(store_->Samples("ev-x").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->AddSample("ev-x", SomeSample("m", "p")).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->Finish(RunningEvaluation("ev-x"), {}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->CompleteOutbox(7, {}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->PostponeOutbox(7, absl::Now(), "").code(), absl::StatusCode::kNotFound);
}

// Otherwise two jobs of one evaluation could each record an end.
TEST_F(RunStoreTest, AnEvaluationEndsOnce) {
  BeginAndFinish("ev-1", {SomeRun("ev-1", "m1")});
  Evaluation again = *store_->Get("ev-1");
  again.state = EvaluationState::kFailed;
  const absl::Status status = store_->Finish(again, {SomeRun("ev-1", "m2")});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_EQ(store_->Get("ev-1")->state, EvaluationState::kSucceeded);
  EXPECT_EQ(*store_->OutboxDepth(), 1);
}

TEST_F(RunStoreTest, WritesAreDurableWalTransactions) {
  auto other = sqlite::Database::Open(path_);
  auto mode = (*other)->Prepare("PRAGMA journal_mode");
  ASSERT_TRUE(*mode->Step());
  EXPECT_EQ(mode->Text(0), "wal");
}

TEST(RunStoreOpenTest, AFileThatIsNotADatabaseIsDataLossAndUnchanged) {
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
  EXPECT_THAT(std::string(store.status().message()),
              HasSubstr(absl::StrCat("up to ", kMigrations.size())));
}

TEST(RunStoreOpenTest, TheDatabaseOfAnotherApplicationIsUnchanged) {
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

// Root may write everywhere, so the test drops its privileges while it opens the store.
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
