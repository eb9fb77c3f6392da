// Tests of the run store that keeps results while the disk is full.
#include "evaluator/store/keeping_run_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <memory>
#include <utility>

#include "absl/synchronization/notification.h"
#include "tests/evaluator/records/records.h"
#include "tests/evaluator/store/temp_folder.h"
#include "tests/patience.h"

namespace assay::evaluator {
namespace {

using ::testing::SizeIs;

// Limits the size of files that this process writes, as a full disk would.
class FullDisk {
 public:
  FullDisk() {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none = {.rlim_cur = 1, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_;
};

class KeepingRunStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    Open();
    ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
  }

  void Open() {
    store_.reset();
    auto opened = RunStore::Open(path_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = std::make_unique<KeepingRunStore>(
        *std::move(opened),
        KeepingRunStore::Options{
            .first_wait = absl::Milliseconds(5),
            .max_wait = absl::Milliseconds(20),
            .on_kept = [this](const std::string&, const absl::Status& status) { error_ = status; },
            .on_recorded =
                [this](const std::string& id) {
                  recorded_id_ = id;
                  recorded_.Notify();
                }});
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
  absl::Notification recorded_;
  std::unique_ptr<KeepingRunStore> store_;
};

TEST_F(KeepingRunStoreTest, AResultWaitsForRoomAndIsShownMeanwhile) {
  {
    const FullDisk full;
    const absl::Status finished = store_->Finish(Failed(), {SomeRun("ev-1", "m1")});
    ASSERT_TRUE(finished.ok()) << finished;
    EXPECT_EQ(error_.code(), absl::StatusCode::kResourceExhausted) << error_;
    EXPECT_EQ(store_->Get("ev-1")->state, EvaluationState::kFailed);
    EXPECT_EQ(store_->Get("ev-1")->error, "the disk is full");
    EXPECT_EQ(store_->List(10)->front().state, EvaluationState::kFailed);
    EXPECT_EQ(store_->Finish(Failed(), {}).code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_FALSE(recorded_.WaitForNotificationWithTimeout(absl::Milliseconds(100)));
  }
  ASSERT_TRUE(recorded_.WaitForNotificationWithTimeout(Patience()));
  EXPECT_EQ(recorded_id_, "ev-1");
  EXPECT_EQ(StateOnDisk(), EvaluationState::kFailed);
  EXPECT_EQ(store_->Get("ev-1")->error, "the disk is full");
  EXPECT_THAT(*store_->PendingOutbox(absl::InfiniteFuture(), 10), SizeIs(1));
}

TEST_F(KeepingRunStoreTest, StopWritesWhatItCan) {
  {
    const FullDisk full;
    ASSERT_TRUE(store_->Finish(Failed(), {}).ok());
  }
  store_->Stop();
  EXPECT_EQ(StateOnDisk(), EvaluationState::kFailed);
}

TEST_F(KeepingRunStoreTest, AResultThatIsStillKeptAtTheEndIsResumed) {
  {
    const FullDisk full;
    ASSERT_TRUE(store_->Finish(Failed(), {}).ok());
    store_.reset();
  }
  Open();
  EXPECT_EQ(store_->Get("ev-1")->state, EvaluationState::kRunning);
  EXPECT_THAT(*store_->TakeInterrupted(), SizeIs(1));
}

TEST_F(KeepingRunStoreTest, OtherErrorsAreReturned) {
  Evaluation other = Failed();
  other.id = "ev-2";
  EXPECT_EQ(store_->Finish(other, {}).code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(store_->Finish(Failed(), {}).ok());
  EXPECT_EQ(store_->Finish(Failed(), {}).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(error_.ok());
}

}  // namespace
}  // namespace assay::evaluator
