// Tests of the run store on a full disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "absl/time/clock.h"
#include "evaluator/store/run_store.h"
#include "tests/evaluator/records/records.h"
#include "tests/evaluator/store/full_disk.h"
#include "tests/temp_folder.h"

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class RunStoreKeptTest : public testing::Test {
 protected:
  void Open() {
    store_.reset();
    auto opened = RunStore::Open(
        path_,
        {.on_kept = [this](const std::string&, const absl::Status& status) { error_ = status; },
         .on_recorded = [this](const std::string& id) { recorded_id_ = id; }});
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

  void Begin() {
    Open();
    ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
  }

  static Evaluation Failed() {
    Evaluation evaluation = RunningEvaluation("ev-1");
    evaluation.state = EvaluationState::kFailed;
    evaluation.error = "the disk is full";
    evaluation.finished_at = evaluation.started_at + absl::Seconds(1);
    return evaluation;
  }

  EvaluationState StateOnDisk() { return (*RunStore::Open(path_))->Get("ev-1")->state; }

  TempFolder folder_;
  const std::string path_ = folder_ / "runs.db";
  absl::Status error_;
  std::string recorded_id_;
  std::unique_ptr<RunStore> store_;
};

TEST_F(RunStoreKeptTest, AResultWaitsForRoomAndIsShownMeanwhile) {
  Begin();
  {
    const FullDisk full;
    const absl::Status finished = store_->Finish(Failed(), {SomeRun("ev-1", "m1")});
    ASSERT_TRUE(finished.ok()) << finished;
    EXPECT_EQ(error_.code(), absl::StatusCode::kResourceExhausted) << error_;
    EXPECT_THAT(std::string(error_.message()), HasSubstr("bytes of its disk are free"));
    EXPECT_EQ(store_->Get("ev-1")->state, EvaluationState::kFailed);
    EXPECT_EQ(store_->Get("ev-1")->error, "the disk is full");
    EXPECT_EQ(store_->List(10)->front().state, EvaluationState::kFailed);
    EXPECT_EQ(store_->Finish(Failed(), {}).code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(store_->RecordKept().code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(recorded_id_, "");
  }
  EXPECT_EQ(StateOnDisk(), EvaluationState::kRunning);
  ASSERT_TRUE(store_->RecordKept().ok());
  EXPECT_EQ(recorded_id_, "ev-1");
  EXPECT_EQ(StateOnDisk(), EvaluationState::kFailed);
  EXPECT_EQ(store_->Get("ev-1")->error, "the disk is full");
  EXPECT_THAT(*store_->PendingOutbox(absl::InfiniteFuture(), 10), SizeIs(1));
}

TEST_F(RunStoreKeptTest, AResultThatIsStillKeptAtTheEndIsResumed) {
  Begin();
  {
    const FullDisk full;
    ASSERT_TRUE(store_->Finish(Failed(), {}).ok());
    store_.reset();
  }
  Open();
  EXPECT_EQ(store_->Get("ev-1")->state, EvaluationState::kRunning);
  EXPECT_THAT(*store_->TakeInterrupted(), SizeIs(1));
}

TEST_F(RunStoreKeptTest, OtherErrorsAreReturned) {
  Begin();
  Evaluation other = Failed();
  other.id = "ev-2";
  EXPECT_EQ(store_->Finish(other, {}).code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(store_->Finish(Failed(), {}).ok());
  EXPECT_EQ(store_->Finish(Failed(), {}).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(error_.ok());
}

// The store is opened by the first operation for which there is room.
TEST_F(RunStoreKeptTest, AFullDiskAtTheStartDelaysTheOpening) {
  {
    const FullDisk full;
    Open();
    const absl::Status begun = store_->Begin(RunningEvaluation("ev-1"), SomePlan());
    EXPECT_EQ(begun.code(), absl::StatusCode::kResourceExhausted) << begun;
    EXPECT_THAT(std::string(begun.message()), HasSubstr(path_));
    EXPECT_EQ(store_->List(10).status().code(), absl::StatusCode::kResourceExhausted);
  }
  // Attempts are a second apart.
  absl::Status begun;
  for (int i = 0; i < 100; ++i) {
    begun = store_->Begin(RunningEvaluation("ev-1"), SomePlan());
    if (begun.ok()) break;
    absl::SleepFor(absl::Milliseconds(100));
  }
  EXPECT_TRUE(begun.ok()) << begun;
  EXPECT_THAT(*store_->List(10), SizeIs(1));
}

// SQLite cannot create the files of its log, but the evaluations can be read.
TEST_F(RunStoreKeptTest, AStoppedStoreCanBeReadOnAFullDisk) {
  Begin();
  ASSERT_TRUE(store_->AddSample("ev-1", SomeSample("m1", "p1")).ok());
  EXPECT_EQ(RunStore::OpenStopped(path_).status().code(), absl::StatusCode::kFailedPrecondition);
  store_.reset();
  const FullDisk full;
  EXPECT_FALSE((*RunStore::Open(path_))->List(10).ok());
  const auto stopped = RunStore::OpenStopped(path_);
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_THAT(*(*stopped)->List(10), SizeIs(1));
  EXPECT_THAT(*(*stopped)->Samples("ev-1"), SizeIs(1));
  EXPECT_FALSE((*stopped)->Begin(RunningEvaluation("ev-2"), SomePlan()).ok());
  EXPECT_FALSE(RunStore::OpenStopped(folder_ / "none.db").ok());
}

}  // namespace
}  // namespace assay::evaluator
