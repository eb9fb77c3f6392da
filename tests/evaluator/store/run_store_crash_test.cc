// Tests of the run store after a crash: they open a copy of its files as they were at some moment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "evaluator/store/run_store.h"
#include "tests/evaluator/records/records.h"
#include "tests/temp_folder.h"

namespace assay::evaluator {
namespace {

using ::testing::SizeIs;

constexpr uintmax_t kStepBytes = 997;

class RunStoreCrashTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = RunStore::Open(folder_ / "runs.db");
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
    ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
    ASSERT_TRUE(store_->AddSample("ev-1", SomeSample("m1", "p1")).ok());
    ASSERT_TRUE(store_->AddSample("ev-1", SomeSample("m1", "p2")).ok());
  }

  void FinishEvaluation() {
    Evaluation evaluation = RunningEvaluation("ev-1");
    evaluation.state = EvaluationState::kSucceeded;
    evaluation.finished_at = evaluation.started_at + absl::Seconds(1);
    ASSERT_TRUE(store_->Finish(evaluation, {SomeRun("ev-1", "m1")}).ok());
  }

  // Opens what a power failure would leave: the database and its log without the shared memory,
  // copied while the store is open. The last `cut_from_log` bytes of the log are missing.
  std::unique_ptr<RunStore> OpenCopy(uintmax_t cut_from_log = 0) {
    const std::string copy = folder_ / "copy.db";
    std::filesystem::copy_file(folder_ / "runs.db", copy);
    std::filesystem::copy_file(folder_ / "runs.db-wal", copy + "-wal");
    const uintmax_t size = std::filesystem::file_size(copy + "-wal");
    EXPECT_GT(size, cut_from_log);
    std::filesystem::resize_file(copy + "-wal", size - cut_from_log);
    auto opened = RunStore::Open(copy);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? *std::move(opened) : nullptr;
  }

  TempFolder folder_;
  std::unique_ptr<RunStore> store_;
};

TEST_F(RunStoreCrashTest, ARunningEvaluationKeepsItsStateAndSamples) {
  const auto copy = OpenCopy();
  ASSERT_NE(copy, nullptr);
  const auto evaluation = copy->Get("ev-1");
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_EQ(evaluation->state, EvaluationState::kRunning);
  EXPECT_EQ(evaluation->finished_samples, 2);
  EXPECT_THAT(*copy->Samples("ev-1"), SizeIs(2));
  EXPECT_EQ(*copy->OutboxDepth(), 0);
}

TEST_F(RunStoreCrashTest, AFinishedEvaluationKeepsItsStateAndOutbox) {
  FinishEvaluation();
  const auto copy = OpenCopy();
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(copy->Get("ev-1")->state, EvaluationState::kSucceeded);
  EXPECT_EQ(*copy->OutboxDepth(), 1);
}

TEST_F(RunStoreCrashTest, AHalfWrittenFinishIsIgnored) {
  FinishEvaluation();
  const auto copy = OpenCopy(/*cut_from_log=*/100);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(copy->Get("ev-1")->state, EvaluationState::kRunning);
  EXPECT_EQ(*copy->OutboxDepth(), 0);
  EXPECT_THAT(*copy->Samples("ev-1"), SizeIs(2));
}

TEST_F(RunStoreCrashTest, EveryTruncationOfTheLogGivesAConsistentState) {
  FinishEvaluation();
  const uintmax_t size = std::filesystem::file_size(folder_ / "runs.db-wal");
  for (uintmax_t cut = 1; cut + kStepBytes < size; cut += kStepBytes) {
    SCOPED_TRACE(cut);
    const auto copy = OpenCopy(cut);
    ASSERT_NE(copy, nullptr);
    const auto list = copy->List(10);
    ASSERT_TRUE(list.ok()) << list.status();
    for (const Evaluation& evaluation : *list) {
      const bool finished = evaluation.state == EvaluationState::kSucceeded;
      EXPECT_EQ(*copy->OutboxDepth(), finished ? 1 : 0);
    }
    std::filesystem::remove(folder_ / "copy.db");
    std::filesystem::remove(folder_ / "copy.db-wal");
    std::filesystem::remove(folder_ / "copy.db-shm");
  }
}

}  // namespace
}  // namespace assay::evaluator
