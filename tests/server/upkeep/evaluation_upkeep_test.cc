// Tests of the deletion of evaluations by clients and by the retention, and of a full disk.
#include "server/upkeep/evaluation_upkeep.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "evaluator/store/run_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/upkeep/evaluation_deleter.h"
#include "server/upkeep/retention.h"
#include "tests/evaluator/records/records.h"
#include "tests/evaluator/store/full_disk.h"
#include "tests/temp_folder.h"

namespace assay::server {
namespace {

using evaluator::EvaluationState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr size_t kTextBytes = 20'000;

class EvaluationUpkeepTest : public testing::Test {
 protected:
  EvaluationUpkeepTest() {
    store_ = *evaluator::RunStore::Open(path_);
    deletions_ = *evaluator::DeletionStore::Open(path_);
    deleter_ = std::make_unique<EvaluationDeleter>(
        deletions_.get(), EvaluationDeleter::Options{.in_use = [this] { return in_use_; },
                                                     .on_deleted =
                                                         [this](std::span<const std::string> ids) {
                                                           deleted_.insert(deleted_.end(),
                                                                           ids.begin(), ids.end());
                                                         }});
  }

  // Records an evaluation that ended so many days ago. Tracked ones wait for MLflow.
  void Add(const std::string& id, int days_ago, bool is_tracked = false) {
    evaluator::Evaluation evaluation = evaluator::RunningEvaluation(id);
    ASSERT_TRUE(store_->Begin(evaluation, evaluator::SomePlan()).ok());
    for (int i = 0; i < 10; ++i) {
      evaluator::Sample sample = evaluator::SomeSample("m1", absl::StrCat("p", i));
      sample.generation.text = std::string(kTextBytes, 'x');
      ASSERT_TRUE(store_->AddSample(id, sample).ok());
    }
    evaluation.state = EvaluationState::kSucceeded;
    evaluation.finished_at = absl::Now() - absl::Hours(24 * days_ago);
    std::vector<evaluator::TrackedRun> runs;
    if (is_tracked) runs.push_back(evaluator::SomeRun(id, "m1"));
    ASSERT_TRUE(store_->Finish(evaluation, runs).ok());
  }

  absl::StatusOr<DeletionResult> DeleteNamed(const std::vector<std::string>& ids,
                                             const DeletionOptions& options = {}) {
    return deleter_->DeleteNamed(ids, options, CallContext());
  }

  std::vector<std::string> Left() {
    std::vector<std::string> ids;
    const auto listed = store_->List(100);
    EXPECT_TRUE(listed.ok()) << listed.status();
    for (const evaluator::Evaluation& evaluation : *listed) ids.push_back(evaluation.id);
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  TempFolder folder_;
  const std::string path_ = folder_ / "runs.db";
  std::unique_ptr<evaluator::RunStore> store_;
  std::unique_ptr<evaluator::DeletionStore> deletions_;
  EvaluationDeleter::InUse in_use_;
  std::vector<std::string> deleted_;
  std::unique_ptr<EvaluationDeleter> deleter_;
};

TEST_F(EvaluationUpkeepTest, NamedEvaluationsAreDeletedAllOrNone) {
  Add("ev-1", 1);
  Add("ev-2", 2, /*is_tracked=*/true);
  Add("ev-3", 3);
  in_use_ = {{"ev-3", {"email", "linkedin"}}};
  const absl::Status refused = DeleteNamed({"ev-1", "ev-3"}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("'ev-3' cannot be deleted: the route of email, linkedin rests on it"));
  EXPECT_TRUE(absl::IsNotFound(DeleteNamed({"ev-1", "ev-4"}).status()));
  ASSERT_TRUE(store_->Begin(evaluator::RunningEvaluation("ev-5"), evaluator::SomePlan()).ok());
  EXPECT_THAT(std::string(DeleteNamed({"ev-5"}).status().message()), HasSubstr("has not ended"));
  EXPECT_THAT(Left(), ElementsAre("ev-1", "ev-2", "ev-3", "ev-5"));
  EXPECT_THAT(deleted_, IsEmpty());

  const auto planned = DeleteNamed({"ev-1", "ev-1", "ev-2"}, {.dry_run = true});
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_THAT(planned->deleted, SizeIs(2));
  EXPECT_GT(planned->freed_bytes, 20 * static_cast<int64_t>(kTextBytes));
  EXPECT_THAT(Left(), SizeIs(4));

  const auto deleted = DeleteNamed({"ev-1", "ev-2"});
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(deleted->dropped_uploads, 1);
  EXPECT_FALSE(deleted->freeing);
  EXPECT_GT(deleted->freed_bytes, 20 * static_cast<int64_t>(kTextBytes));
  EXPECT_THAT(deleted_, ElementsAre("ev-1", "ev-2"));
  EXPECT_TRUE(DeleteNamed({"ev-3"}, {.force = true}).ok());
  EXPECT_THAT(Left(), ElementsAre("ev-5"));
}

TEST_F(EvaluationUpkeepTest, AFilterLeavesWhatRoutesRestOn) {
  Add("ev-1", 10);
  Add("ev-2", 20);
  Add("ev-3", 30);
  in_use_ = {{"ev-2", {"email"}}};
  const auto result = deleter_->DeleteMatching(
      {.finished_before = absl::Now() - absl::Hours(24 * 15)}, {}, CallContext());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(deleted_, ElementsAre("ev-3"));
  ASSERT_THAT(result->kept, SizeIs(1));
  EXPECT_EQ(result->kept[0].evaluation.id, "ev-2");
  EXPECT_THAT(Left(), ElementsAre("ev-1", "ev-2"));
}

// The space follows, even if the caller has gone.
TEST_F(EvaluationUpkeepTest, ACallWithoutTimeLeavesTheSpaceForLater) {
  Add("ev-1", 1);
  const auto result =
      deleter_->DeleteNamed(std::vector<std::string>{"ev-1"}, {}, CallContext([] { return true; }));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->freeing);
  EXPECT_THAT(Left(), IsEmpty());
  int64_t freed = 0;
  EXPECT_FALSE(*deleter_->Purge(CallContext(), &freed));
  EXPECT_GT(freed, 10 * static_cast<int64_t>(kTextBytes));
}

TEST_F(EvaluationUpkeepTest, RetentionByAgeLeavesWhatRoutesAndMlflowNeed) {
  Add("ev-1", 1);
  Add("ev-2", 40);
  Add("ev-3", 50, /*is_tracked=*/true);
  Add("ev-4", 60);
  in_use_ = {{"ev-4", {"email"}}};
  Retention retention(deleter_.get(), {.keep = absl::Hours(24 * 30)});
  const absl::Time now = absl::Now();
  ASSERT_THAT(retention.Apply(now, CallContext())->deleted, SizeIs(1));
  EXPECT_THAT(Left(), ElementsAre("ev-1", "ev-3", "ev-4"));
  // Later calls look again after an hour.
  in_use_.clear();
  EXPECT_THAT(retention.Apply(now + absl::Minutes(59), CallContext())->deleted, IsEmpty());
  EXPECT_THAT(retention.Apply(now + absl::Minutes(61), CallContext())->deleted, SizeIs(1));
  EXPECT_THAT(Left(), ElementsAre("ev-1", "ev-3"));
  // Without MLflow, nothing waits for it.
  Retention untracked(deleter_.get(),
                      {.keep = absl::Hours(24 * 30), .keep_waiting_uploads = false});
  EXPECT_THAT(untracked.Apply(now, CallContext())->deleted, SizeIs(1));
  EXPECT_THAT(Left(), ElementsAre("ev-1"));
}

TEST_F(EvaluationUpkeepTest, RetentionBySizeDeletesTheOldestFirst) {
  for (int i = 1; i <= 8; ++i) Add(absl::StrCat("ev-", i), i);
  in_use_ = {{"ev-8", {"email"}}};
  const int64_t size = *deletions_->StoredBytes();
  Retention by_default(deleter_.get(), {.max_bytes = size});
  EXPECT_THAT(by_default.Apply(absl::Now(), CallContext())->deleted, IsEmpty());
  Retention retention(deleter_.get(), {.max_bytes = size, .delete_oldest = true});
  ASSERT_TRUE(retention.Apply(absl::Now(), CallContext()).ok());
  EXPECT_THAT(deleted_, ElementsAre("ev-7"));
  EXPECT_LT(*deletions_->StoredBytes(), size * 9 / 10);
  EXPECT_THAT(retention.Apply(absl::Now(), CallContext())->deleted, IsEmpty());
}

TEST_F(EvaluationUpkeepTest, AFullDiskIsReportedUntilThereIsRoom) {
  absl::Notification resumed;
  std::atomic<int> changes = 0;
  EvaluationUpkeep upkeep(deleter_.get(), {.folder = folder_.path(),
                                           .retry_interval = absl::Milliseconds(20),
                                           .resume =
                                               [&] {
                                                 resumed.Notify();
                                                 return absl::OkStatus();
                                               },
                                           .record_kept = [] { return absl::OkStatus(); },
                                           .on_change = [&](const absl::Status&) { ++changes; }});
  {
    const evaluator::FullDisk full;
    ASSERT_TRUE(upkeep.Start().ok());
    const absl::Status refused = upkeep.CanRecord();
    EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(refused.message()),
                HasSubstr(absl::StrCat("evaluations cannot be recorded: ", folder_.path())));
    EXPECT_THAT(std::string(refused.message()), HasSubstr("bytes of its disk are free"));
    EXPECT_FALSE(resumed.WaitForNotificationWithTimeout(absl::Milliseconds(200)));
  }
  ASSERT_TRUE(resumed.WaitForNotificationWithTimeout(absl::Seconds(30)));
  for (int i = 0; i < 300 && changes < 2; ++i) absl::SleepFor(absl::Milliseconds(100));
  EXPECT_TRUE(upkeep.CanRecord().ok());
  // A write that failed later on.
  upkeep.ReportFull(absl::ResourceExhaustedError("no room"));
  for (int i = 0; i < 300 && changes < 4; ++i) absl::SleepFor(absl::Milliseconds(100));
  EXPECT_EQ(changes, 4);
  EXPECT_TRUE(upkeep.CanRecord().ok());
}

TEST_F(EvaluationUpkeepTest, OtherErrorsEndTheStart) {
  EvaluationUpkeep upkeep(deleter_.get(), {.folder = folder_.path(),
                                           .resume = [] { return absl::DataLossError("torn"); },
                                           .record_kept = [] { return absl::OkStatus(); }});
  EXPECT_EQ(upkeep.Start().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace assay::server
