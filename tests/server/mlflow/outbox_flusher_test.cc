// Tests OutboxFlusher with a fake store and a fake tracking server.
#include "server/mlflow/outbox_flusher.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/mutex_lock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/evaluator/store/empty_run_store.h"
#include "tests/patience.h"
#include "tests/server/mlflow/fake_mlflow.h"

namespace assay::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FakeRunStore : public evaluator::EmptyRunStore {
 public:
  struct Entry {
    evaluator::OutboxEntry entry;
    absl::Time retry_at = absl::InfinitePast();
    std::string error;
  };

  void Add(const std::string& client_key) {
    const MutexLock lock(mutex_);
    const int64_t id = next_id_++;
    outbox_[id] = {.entry = {.id = id, .run = MakeRun(client_key)}};
  }
  std::map<int64_t, Entry> Outbox() {
    const MutexLock lock(mutex_);
    return outbox_;
  }
  std::vector<std::string> Completed() {
    const MutexLock lock(mutex_);
    return completed_;
  }

  absl::StatusOr<std::vector<evaluator::OutboxEntry>> PendingOutbox(absl::Time now,
                                                                    int limit) override {
    const MutexLock lock(mutex_);
    std::vector<evaluator::OutboxEntry> due;
    for (const auto& [id, entry] : outbox_) {
      if (entry.retry_at <= now && static_cast<int>(due.size()) < limit) due.push_back(entry.entry);
    }
    return due;
  }
  absl::Status CompleteOutbox(int64_t id, const evaluator::RunLink& run) override {
    const MutexLock lock(mutex_);
    outbox_.erase(id);
    completed_.push_back(run.run_id);
    return absl::OkStatus();
  }
  absl::Status PostponeOutbox(int64_t id, absl::Time retry_at, std::string_view error) override {
    const MutexLock lock(mutex_);
    outbox_.at(id).retry_at = retry_at;
    outbox_.at(id).error = std::string(error);
    ++outbox_.at(id).entry.attempts;
    return absl::OkStatus();
  }
  absl::Status ExpediteOutbox(absl::Time now) override {
    const MutexLock lock(mutex_);
    for (auto& [id, entry] : outbox_) entry.retry_at = std::min(entry.retry_at, now);
    return absl::OkStatus();
  }
  absl::StatusOr<int64_t> OutboxDepth() override { return static_cast<int64_t>(Outbox().size()); }
  absl::StatusOr<absl::Time> OldestOutbox() override { return absl::InfiniteFuture(); }

 private:
  absl::Mutex mutex_;
  int64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<int64_t, Entry> outbox_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> completed_ ABSL_GUARDED_BY(mutex_);
};

class OutboxFlusherTest : public ::testing::Test {
 protected:
  OutboxFlusherTest() {
    options_.initial_backoff = absl::Milliseconds(20);
    options_.poll_interval = absl::Milliseconds(20);
    options_.on_upload = [this](const UploadReport& report) {
      const MutexLock lock(mutex_);
      reports_.push_back(report);
    };
  }

  std::unique_ptr<OutboxFlusher> Start() {
    client_ = *MlflowClient::Create(mlflow_.server.Url(),
                                    {.experiment = "exp",
                                     .http = {.timeout = absl::Seconds(30)},
                                     .retries = {.max_retries = 0}},
                                    nullptr);
    return std::make_unique<OutboxFlusher>(&store_, client_.get(), options_);
  }
  std::vector<UploadReport> Reports() {
    const MutexLock lock(mutex_);
    return reports_;
  }
  static bool Eventually(const std::function<bool()>& condition) {
    const absl::Time deadline = absl::Now() + Patience();
    while (absl::Now() < deadline) {
      if (condition()) return true;
      absl::SleepFor(absl::Milliseconds(5));
    }
    return false;
  }
  void FailFirst(int times, http::FakeAnswer answer) {
    mlflow_.SetFault(
        [times,
         answer](const http::FakeRequest& request) mutable -> std::optional<http::FakeAnswer> {
          if (!request.path.ends_with("runs/log-batch") || times-- <= 0) return std::nullopt;
          return answer;
        });
  }

  FakeMlflow mlflow_;
  FakeRunStore store_;
  OutboxFlusherOptions options_;
  std::unique_ptr<MlflowClient> client_;
  absl::Mutex mutex_;
  std::vector<UploadReport> reports_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(OutboxFlusherTest, UploadsPendingRunsOldestFirst) {
  store_.Add("k1");
  store_.Add("k2");
  const auto flusher = Start();
  ASSERT_TRUE(Eventually([this] { return store_.Outbox().empty(); }));
  EXPECT_THAT(store_.Completed(), ElementsAre("run0", "run1"));
  EXPECT_EQ(mlflow_.Runs().at("run0").client_key, "k1");
}

TEST_F(OutboxFlusherTest, WakeUploadsWithoutWaitingForThePoll) {
  options_.poll_interval = absl::Hours(1);
  const auto flusher = Start();
  absl::SleepFor(absl::Milliseconds(50));
  store_.Add("k1");
  flusher->Wake();
  EXPECT_TRUE(Eventually([this] { return store_.Outbox().empty(); }));
}

TEST_F(OutboxFlusherTest, RetriesTransientFailuresIntoOneRun) {
  FailFirst(3, {503, "busy"});
  store_.Add("k1");
  const auto flusher = Start();
  ASSERT_TRUE(Eventually([this] { return store_.Outbox().empty(); }));
  flusher->Stop(absl::ZeroDuration());
  EXPECT_EQ(mlflow_.Runs().size(), 1U);
  EXPECT_EQ(mlflow_.Runs().at("run0").metrics.size(), 3U);
  const auto reports = Reports();
  ASSERT_EQ(reports.size(), 4U);
  EXPECT_FALSE(reports[0].permanent);
  EXPECT_TRUE(reports[3].status.ok());
  EXPECT_EQ(reports[3].uploaded.run.run_id, "run0");
}

TEST_F(OutboxFlusherTest, RetryAfterPausesAllUploadsDespiteWake) {
  FailFirst(1, {429, "", {{"Retry-After", "2"}}});
  store_.Add("k1");
  store_.Add("k2");
  const auto flusher = Start();
  ASSERT_TRUE(Eventually([this] { return !Reports().empty(); }));
  const absl::Time failed = absl::Now();
  flusher->Wake();
  absl::SleepFor(absl::Milliseconds(600));
  EXPECT_EQ(store_.Outbox().size(), 2U);
  ASSERT_TRUE(Eventually([this] { return store_.Outbox().empty(); }));
  EXPECT_GE(absl::Now() - failed, absl::Milliseconds(1800));
}

TEST_F(OutboxFlusherTest, RejectedRunIsDelayedAndDoesNotBlockOthers) {
  FailFirst(1, {400, R"({"error_code":"INVALID_PARAMETER_VALUE","message":"bad key"})"});
  store_.Add("k1");
  store_.Add("k2");
  const auto flusher = Start();
  ASSERT_TRUE(Eventually([this] { return store_.Completed().size() == 1; }));
  flusher->Stop(absl::ZeroDuration());
  const auto outbox = store_.Outbox();
  ASSERT_EQ(outbox.size(), 1U);
  EXPECT_EQ(outbox.begin()->second.entry.run.client_key, "k1");
  EXPECT_GT(outbox.begin()->second.retry_at, absl::Now() + absl::Minutes(59));
  EXPECT_THAT(outbox.begin()->second.error, HasSubstr("bad key"));
  EXPECT_TRUE(Reports()[0].permanent);
  EXPECT_TRUE(Reports()[0].first_permanent);
}

TEST_F(OutboxFlusherTest, RepeatedRejectionIsFirstOnlyOnce) {
  options_.permanent_backoff = absl::Milliseconds(10);
  FailFirst(3, {403, "no"});
  store_.Add("k1");
  const auto flusher = Start();
  ASSERT_TRUE(Eventually([this] { return store_.Outbox().empty(); }));
  int first = 0;
  for (const UploadReport& report : Reports()) first += report.first_permanent ? 1 : 0;
  EXPECT_EQ(first, 1);
}

TEST_F(OutboxFlusherTest, BackoffGrows) {
  options_.initial_backoff = absl::Milliseconds(40);
  FailFirst(4, {500, "oops"});
  store_.Add("k1");
  const absl::Time start = absl::Now();
  const auto flusher = Start();
  ASSERT_TRUE(Eventually([this] { return store_.Outbox().empty(); }));
  // The waits are at least half of 40 + 80 + 160 + 320 ms.
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(300));
}

TEST_F(OutboxFlusherTest, RestoredExperimentIsNoticedAtTheNextAttempt) {
  options_.experiment_backoff = absl::Milliseconds(200);
  store_.Add("k1");
  const auto flusher = Start();
  ASSERT_TRUE(Eventually([this] { return store_.Completed().size() == 1; }));
  mlflow_.SetExperimentDeleted(true);
  store_.Add("k2");
  store_.Add("k3");
  flusher->Wake();
  ASSERT_TRUE(Eventually([this] { return Reports().size() >= 3; }));
  // The deleted experiment pauses all runs: the third one is not attempted.
  const auto outbox = store_.Outbox();
  EXPECT_THAT(outbox.at(2).error, HasSubstr("restore it"));
  EXPECT_LT(outbox.at(2).retry_at, absl::Now() + absl::Minutes(1));
  EXPECT_EQ(outbox.at(3).entry.attempts, 0);
  mlflow_.SetExperimentDeleted(false);
  EXPECT_TRUE(Eventually([this] { return store_.Outbox().empty(); }));
  EXPECT_EQ(mlflow_.Runs().size(), 3U);
}

TEST_F(OutboxFlusherTest, DefaultWaitForADeletedExperimentIsBelowAMinute) {
  EXPECT_LT(OutboxFlusherOptions().experiment_backoff, absl::Minutes(1));
}

TEST_F(OutboxFlusherTest, AttemptAllEndsEveryWait) {
  options_.permanent_backoff = absl::Hours(1);
  options_.experiment_backoff = absl::Hours(1);
  // The first run is rejected, and then the experiment is deleted.
  FailFirst(1, {400, R"({"error_code":"INVALID_PARAMETER_VALUE","message":"bad key"})"});
  store_.Add("k1");
  const auto flusher = Start();
  ASSERT_TRUE(Eventually([this] { return Reports().size() == 1; }));
  mlflow_.SetExperimentDeleted(true);
  store_.Add("k2");
  flusher->Wake();
  ASSERT_TRUE(Eventually([this] { return Reports().size() == 2; }));
  EXPECT_FALSE(flusher->Counts().paused_until.HasPassed());
  // While the experiment is deleted, an attempt on demand fails at once.
  flusher->AttemptAll(CallContext::WithTimeout(absl::Seconds(10)));
  EXPECT_EQ(Reports().size(), 3U);
  EXPECT_EQ(store_.Outbox().size(), 2U);
  mlflow_.SetExperimentDeleted(false);
  flusher->AttemptAll(CallContext::WithTimeout(absl::Seconds(10)));
  EXPECT_TRUE(store_.Outbox().empty());
  EXPECT_EQ(flusher->Counts().ok, 2);
  EXPECT_EQ(flusher->Counts().failed, 3);
}

TEST_F(OutboxFlusherTest, AttemptAllReturnsAtTheDeadline) {
  mlflow_.SetFault([](const http::FakeRequest&) -> std::optional<http::FakeAnswer> {
    absl::SleepFor(absl::Seconds(3));
    return std::nullopt;
  });
  store_.Add("k1");
  const auto flusher = Start();
  const absl::Time start = absl::Now();
  flusher->AttemptAll(CallContext::WithTimeout(absl::Milliseconds(200)));
  EXPECT_LT(absl::Now() - start, Patience(absl::Seconds(2)));
  EXPECT_EQ(store_.Outbox().size(), 1U);
}

TEST_F(OutboxFlusherTest, StopUploadsNewRunsWithinTheBound) {
  options_.poll_interval = absl::Hours(1);
  const auto flusher = Start();
  absl::SleepFor(absl::Milliseconds(50));
  store_.Add("k1");
  flusher->Stop(absl::Seconds(5));
  EXPECT_TRUE(store_.Outbox().empty());
}

TEST_F(OutboxFlusherTest, StopDoesNotWaitForAHangingServer) {
  mlflow_.SetFault([](const http::FakeRequest&) -> std::optional<http::FakeAnswer> {
    absl::SleepFor(absl::Seconds(5));
    return std::nullopt;
  });
  store_.Add("k1");
  const auto flusher = Start();
  absl::SleepFor(absl::Milliseconds(100));
  const absl::Time start = absl::Now();
  flusher->Stop(absl::Milliseconds(300));
  EXPECT_LT(absl::Now() - start, Patience(absl::Seconds(3)));
  EXPECT_EQ(store_.Outbox().size(), 1U);
}

}  // namespace
}  // namespace assay::server
