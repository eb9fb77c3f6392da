// Tests of the deletion of evaluations, and of the limits of the run store.
#include "evaluator/store/deletion_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "evaluator/store/judgment_store.h"
#include "evaluator/store/sqlite.h"
#include "tests/evaluator/store/run_store_fixture.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kCanary[] = "canary-of-a-deleted-text";
constexpr size_t kTextBytes = 10'000;

class DeletionStoreTest : public RunStoreTest {
 protected:
  void SetUp() override {
    RunStoreTest::SetUp();
    auto opened = DeletionStore::Open(path_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    deletions_ = *std::move(opened);
  }

  // Records an evaluation with everything that can belong to one. It ended `days` after the first.
  void Add(const std::string& id, int days, EvaluationState state, int samples) {
    Evaluation evaluation = RunningEvaluation(id);
    ASSERT_TRUE(store_->Begin(evaluation, SomePlan()).ok());
    for (int i = 0; i < samples; ++i) {
      Sample sample = SomeSample("m1", absl::StrCat("p", i));
      sample.generation.text = absl::StrCat(kCanary, std::string(kTextBytes, 'x'));
      ASSERT_TRUE(store_->AddSample(id, sample).ok());
    }
    ASSERT_TRUE(store_->AddAnswer(id, {.model = "m1", .task = "t", .item_id = "i"}).ok());
    if (state == EvaluationState::kRunning) return;
    evaluation.state = state;
    evaluation.finished_at = Ended(days);
    ASSERT_TRUE(store_->Finish(evaluation, {SomeRun(id, "m1"), SomeRun(id, "m2")}).ok());
    const SampleId first = IdOf(SomeSample("m1", "p0"));
    const SampleId second = IdOf(SomeSample("m1", "p1"));
    ASSERT_TRUE(store_->AddRatings(id, {{.rater = "ann", .sample = first, .score = 4}}).ok());
    auto judgments = JudgmentStore::Open(path_);
    ASSERT_TRUE((*judgments)->Add(id, {.judge = "j", .sample = first, .other = second}).ok());
  }

  static absl::Time Ended(int days) {
    return RunningEvaluation("any").started_at + absl::Hours(24 * days);
  }

  absl::StatusOr<int64_t> Delete(const std::vector<std::string>& ids) {
    return deletions_->Delete(ids);
  }

  int64_t Purge() {
    int64_t freed = 0;
    while (true) {
      const absl::StatusOr<bool> more = deletions_->Purge(&freed);
      EXPECT_TRUE(more.ok()) << more.status();
      if (!more.ok() || !*more) return freed;
    }
  }

  std::vector<std::string> Ids(const DeletionFilter& filter) {
    std::vector<std::string> ids;
    const auto found = deletions_->Find(filter);
    EXPECT_TRUE(found.ok()) << found.status();
    for (const StoredEvaluation& evaluation : *found) ids.push_back(evaluation.id);
    return ids;
  }

  int64_t CountRows() {
    auto database = sqlite::Database::Open(path_);
    int64_t rows = 0;
    for (const char* table : std::array{"evaluations", "samples", "task_answers", "ratings",
                                        "judgments", "outbox", "tracking_runs", "deletions"}) {
      rows += *(*database)->QueryInteger(absl::StrCat("SELECT count(*) FROM ", table));
    }
    return rows;
  }

  std::unique_ptr<DeletionStore> deletions_;
};

TEST_F(DeletionStoreTest, NothingOfADeletedEvaluationIsLeft) {
  Add("ev-1", 1, EvaluationState::kSucceeded, 300);
  const auto before = std::filesystem::file_size(path_);
  const auto found = deletions_->Get("ev-1");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->samples, 301);
  EXPECT_EQ(found->waiting_uploads, 2);
  EXPECT_EQ(found->name, "which model writes");
  EXPECT_EQ(found->finished_at, Ended(1));
  const int64_t texts = 300 * static_cast<int64_t>(kTextBytes);
  EXPECT_GT(*deletions_->Bytes("ev-1"), texts);
  EXPECT_LT(*deletions_->Bytes("ev-1"), texts * 11 / 10);

  const auto deleted = Delete({"ev-1"});
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  // It is gone at once, although its rows are not.
  EXPECT_TRUE(absl::IsNotFound(store_->Get("ev-1").status()));
  EXPECT_TRUE(absl::IsNotFound(store_->Samples("ev-1").status()));
  EXPECT_THAT(*store_->List(10), IsEmpty());
  EXPECT_EQ(*store_->OutboxDepth(), 0);
  EXPECT_TRUE(absl::IsNotFound((*JudgmentStore::Open(path_))
                                   ->Add("ev-1", {.judge = "k",
                                                  .sample = IdOf(SomeSample("m1", "p0")),
                                                  .other = IdOf(SomeSample("m1", "p1"))})));
  EXPECT_GT(CountRows(), 300);

  EXPECT_GT(*deleted + Purge(), texts);
  EXPECT_EQ(CountRows(), 0);
  deletions_.reset();
  store_.reset();
  EXPECT_LT(std::filesystem::file_size(path_), before / 10);
  std::ifstream file(path_, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(bytes, Not(HasSubstr(kCanary)));
}

TEST_F(DeletionStoreTest, AnInterruptedDeletionContinues) {
  Add("ev-1", 1, EvaluationState::kSucceeded, 300);
  ASSERT_TRUE(Delete({"ev-1"}).ok());
  int64_t freed = 0;
  ASSERT_TRUE(*deletions_->Purge(&freed));
  deletions_ = *DeletionStore::Open(path_);
  EXPECT_GT(CountRows(), 0);
  Purge();
  EXPECT_EQ(CountRows(), 0);
}

TEST_F(DeletionStoreTest, OthersAndTheCountOfGateChecksStay) {
  Add("ev-1", 1, EvaluationState::kSucceeded, 2);
  Add("ev-2", 2, EvaluationState::kSucceeded, 2);
  EXPECT_EQ(*store_->CountGateCheck("gate", "ev-1"), 1);
  ASSERT_TRUE(Delete({"ev-1"}).ok());
  Purge();
  EXPECT_THAT(*store_->Samples("ev-2"), SizeIs(2));
  EXPECT_THAT(*store_->Ratings("ev-2"), SizeIs(1));
  EXPECT_THAT(*(*JudgmentStore::Open(path_))->Judgments("ev-2"), SizeIs(1));
  EXPECT_EQ(*store_->OutboxDepth(), 2);
  EXPECT_EQ(*store_->CountGateCheck("gate", "ev-2"), 2);
}

TEST_F(DeletionStoreTest, AllOrNoneAreDeleted) {
  Add("ev-1", 1, EvaluationState::kSucceeded, 2);
  Add("ev-2", 1, EvaluationState::kRunning, 2);
  const absl::Status running = Delete({"ev-1", "ev-2"}).status();
  EXPECT_EQ(running.code(), absl::StatusCode::kFailedPrecondition) << running;
  EXPECT_THAT(std::string(running.message()), HasSubstr("'ev-2' has not ended"));
  EXPECT_TRUE(absl::IsNotFound(Delete({"ev-1", "ev-3"}).status()));
  EXPECT_TRUE(absl::IsNotFound(deletions_->Get("ev-3").status()));
  EXPECT_TRUE(store_->Get("ev-1").ok());
  EXPECT_EQ(*store_->OutboxDepth(), 2);
}

TEST_F(DeletionStoreTest, TheFilterSelectsByEndAndState) {
  Add("ev-1", 3, EvaluationState::kSucceeded, 2);
  Add("ev-2", 1, EvaluationState::kFailed, 2);
  Add("ev-3", 2, EvaluationState::kCancelled, 2);
  Add("ev-4", 0, EvaluationState::kRunning, 2);
  EXPECT_THAT(Ids({}), ElementsAre("ev-2", "ev-3", "ev-1"));
  EXPECT_THAT(Ids({.finished_before = Ended(2)}), ElementsAre("ev-2"));
  EXPECT_THAT(Ids({.state = EvaluationState::kCancelled}), ElementsAre("ev-3"));
  EXPECT_THAT(Ids({.finished_before = Ended(3), .state = EvaluationState::kSucceeded}), IsEmpty());
}

// The file of a version without incremental vacuum.
TEST_F(DeletionStoreTest, AnOldFileIsRewrittenOnce) {
  deletions_.reset();
  store_.reset();
  {
    auto database = sqlite::Database::Open(path_);
    ASSERT_TRUE((*database)->Execute("PRAGMA auto_vacuum = NONE; VACUUM").ok());
    ASSERT_EQ(*(*database)->QueryInteger("PRAGMA auto_vacuum"), 0);
  }
  Reopen();
  EXPECT_EQ(*(*sqlite::Database::Open(path_))->QueryInteger("PRAGMA auto_vacuum"), 2);
}

TEST_F(DeletionStoreTest, BeyondItsLimitTheStoreRefusesEvaluationsAndSamples) {
  Add("ev-1", 1, EvaluationState::kSucceeded, 20);
  ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-2"), SomePlan()).ok());
  store_ = *RunStore::Open(path_, {.max_bytes = 250'000});
  const absl::Status begun = store_->Begin(RunningEvaluation("ev-3"), SomePlan());
  EXPECT_EQ(begun.code(), absl::StatusCode::kResourceExhausted) << begun;
  EXPECT_THAT(std::string(begun.message()), HasSubstr("evaluation.max_stored is 250000"));
  EXPECT_TRUE(absl::IsResourceExhausted(store_->AddSample("ev-2", SomeSample("m1", "p1"))));
  // The end of a running evaluation is always recorded.
  Evaluation failed = RunningEvaluation("ev-2");
  failed.state = EvaluationState::kFailed;
  failed.finished_at = Ended(1);
  EXPECT_TRUE(store_->Finish(failed, {}).ok());
  // Pages that deletions freed do not count.
  ASSERT_TRUE(Delete({"ev-1"}).ok());
  Purge();
  EXPECT_LT(*deletions_->StoredBytes(), 250'000);
  EXPECT_TRUE(store_->Begin(RunningEvaluation("ev-3"), SomePlan()).ok());
}

TEST_F(DeletionStoreTest, LittleIsKeptOfEvaluationsThatWereCancelledBeforeTheirFirstSample) {
  EvaluationPlan plan = FullPlan();
  plan.prompts[0].prompt = std::string(1'000'000, 'x');
  const int count = kMaxEmptyEvaluations + 5;
  for (int i = 0; i < count; ++i) {
    Evaluation evaluation = RunningEvaluation(absl::StrCat("ev-", i));
    evaluation.started_at += absl::Seconds(i);
    ASSERT_TRUE(store_->Begin(evaluation, plan).ok());
    evaluation.state = EvaluationState::kCancelled;
    evaluation.finished_at = evaluation.started_at;
    evaluation.summaries = {SomeSummary()};
    ASSERT_TRUE(store_->Finish(evaluation, {}).ok());
  }
  EXPECT_THAT(*store_->List(1000), SizeIs(kMaxEmptyEvaluations));
  EXPECT_TRUE(absl::IsNotFound(store_->Get("ev-4").status()));
  const auto newest = store_->Get(absl::StrCat("ev-", count - 1));
  ASSERT_TRUE(newest.ok()) << newest.status();
  EXPECT_EQ(newest->state, EvaluationState::kCancelled);
  const auto kept = store_->Plan(newest->id);
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_THAT(kept->models, SizeIs(2));
  EXPECT_EQ(kept->models[1].model, "m2");
  EXPECT_THAT(kept->prompts, IsEmpty());
  EXPECT_LT(*deletions_->StoredBytes(), 1'000'000);
}

TEST_F(DeletionStoreTest, ACancelledEvaluationWithASampleKeepsItsPlan) {
  Add("ev-1", 1, EvaluationState::kCancelled, 2);
  EXPECT_THAT(store_->Plan("ev-1")->prompts, SizeIs(2));
}

}  // namespace
}  // namespace assay::evaluator
