// Tests of the outbox in the run store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/evaluator/store/run_store_fixture.h"

namespace assay::evaluator {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

using RunStoreOutboxTest = RunStoreTest;

TEST_F(RunStoreOutboxTest, ReturnsTheRunUnchanged) {
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

TEST_F(RunStoreOutboxTest, FinishWithAnInvalidEntryChangesNothing) {
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

TEST_F(RunStoreOutboxTest, CompletingAnEntryMovesItToTheEvaluation) {
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

TEST_F(RunStoreOutboxTest, TheOldestEntryHasTheEarliestCreationTime) {
  EXPECT_EQ(*store_->OldestOutbox(), absl::InfiniteFuture());
  BeginAndFinish("ev-1", {SomeRun("ev-1", "m1")});
  const absl::Time oldest = *store_->OldestOutbox();
  // An entry is created when its evaluation ends.
  EXPECT_EQ(oldest, store_->Get("ev-1")->finished_at);
  BeginAndFinish("ev-2", {SomeRun("ev-2", "m1")});
  EXPECT_EQ(*store_->OldestOutbox(), oldest);
  const int64_t id = store_->PendingOutbox(absl::Now(), 1)->front().id;
  ASSERT_TRUE(store_->CompleteOutbox(id, {"m1", "run7", "url"}).ok());
  EXPECT_GE(*store_->OldestOutbox(), oldest);
}

TEST_F(RunStoreOutboxTest, WaitingEntriesHaveTheirErrorsAndBecomeDueOnDemand) {
  EXPECT_EQ(*store_->NextOutboxAttempt(), absl::InfiniteFuture());
  BeginAndFinish("ev-1", {SomeRun("ev-1", "m1"), SomeRun("ev-1", "m2")});
  const int64_t id = store_->PendingOutbox(absl::Now(), 1)->front().id;
  const absl::Time later = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) + 3600);
  ASSERT_TRUE(store_->PostponeOutbox(id, later, "MLflow said no").ok());
  const auto waiting = store_->WaitingOutbox(10);
  ASSERT_TRUE(waiting.ok()) << waiting.status();
  ASSERT_THAT(*waiting, SizeIs(2));
  EXPECT_EQ(waiting->front().evaluation_id, "ev-1");
  EXPECT_EQ(waiting->front().run_name, SomeRun("ev-1", "m1").run_name);
  EXPECT_EQ(waiting->front().created_at, *store_->OldestOutbox());
  EXPECT_EQ(waiting->front().attempts, 1);
  EXPECT_EQ(waiting->front().last_error, "MLflow said no");
  EXPECT_EQ(waiting->front().retry_at, later);
  EXPECT_EQ(waiting->back().attempts, 0);
  EXPECT_EQ(waiting->back().last_error, "");
  EXPECT_THAT(*store_->WaitingOutbox(1), SizeIs(1));

  EXPECT_THAT(*store_->PendingOutbox(absl::Now(), 10), SizeIs(1));
  EXPECT_LT(*store_->NextOutboxAttempt(), absl::Now());
  ASSERT_TRUE(store_->ExpediteOutbox(absl::Now()).ok());
  const auto due = store_->PendingOutbox(absl::Now(), 10);
  ASSERT_THAT(*due, SizeIs(2));
  EXPECT_EQ(due->front().attempts, 1);
}

TEST_F(RunStoreOutboxTest, AnEntryThatCannotBeCompletedStaysInTheOutbox) {
  BeginAndFinish("ev-1", {SomeRun("ev-1", "m1"), SomeRun("ev-1", "m2")});
  const auto pending = store_->PendingOutbox(absl::Now(), 2);
  ASSERT_TRUE(store_->CompleteOutbox(pending->front().id, {"m1", "run7", "url"}).ok());
  const absl::Status twice = store_->CompleteOutbox(pending->back().id, {"m1", "run8", "url"});
  EXPECT_EQ(twice.code(), absl::StatusCode::kAlreadyExists) << twice;
  EXPECT_EQ(*store_->OutboxDepth(), 1);
}

TEST_F(RunStoreOutboxTest, APostponedEntryWaitsAndCountsItsAttempts) {
  BeginAndFinish("ev-1", {SomeRun("ev-1", "m1")});
  const absl::Time now = absl::Now();
  const int64_t id = store_->PendingOutbox(now, 1)->front().id;
  ASSERT_TRUE(store_->PostponeOutbox(id, now + absl::Minutes(1), "connection refused").ok());
  EXPECT_THAT(*store_->PendingOutbox(now + absl::Seconds(59), 10), IsEmpty());
  const auto later = store_->PendingOutbox(now + absl::Minutes(1), 10);
  ASSERT_THAT(*later, SizeIs(1));
  EXPECT_EQ(later->front().attempts, 1);
}

TrackedRun SomeAmendment(const std::string& id, const std::string& model, const std::string& tag) {
  TrackedRun run = SomeRun(id, model);
  run.amendment = "judgments";
  run.params.clear();
  run.tags = {{"tag", tag}};
  return run;
}

TEST_F(RunStoreOutboxTest, AnAmendmentWaitsForItsRunAndReplacesAnEarlierOne) {
  BeginAndFinish("ev-1", {SomeRun("ev-1", "m1")});
  const absl::Time now = absl::Now();
  const auto queued = store_->QueueAmendments(
      {SomeAmendment("ev-1", "m1", "old"), SomeAmendment("ev-1", "unknown", "x")}, now);
  ASSERT_TRUE(queued.ok()) << queued.status();
  EXPECT_EQ(*queued, 1);
  auto pending = store_->PendingOutbox(now, 10);
  ASSERT_THAT(*pending, SizeIs(1));
  EXPECT_EQ(pending->front().run.amendment, "");
  ASSERT_TRUE(store_->CompleteOutbox(pending->front().id, {"m1", "run7", "url7"}).ok());

  pending = store_->PendingOutbox(now, 10);
  ASSERT_THAT(*pending, SizeIs(1));
  EXPECT_EQ(pending->front().run.amendment, "judgments");
  const int64_t replaced = pending->front().id;
  EXPECT_EQ(*store_->QueueAmendments({SomeAmendment("ev-1", "m1", "new")}, now), 1);
  EXPECT_TRUE(absl::IsNotFound(store_->CompleteOutbox(replaced, {"m1", "run7", "url7"})));
  pending = store_->PendingOutbox(now, 10);
  ASSERT_THAT(*pending, SizeIs(1));
  EXPECT_EQ(pending->front().run.tags.front().second, "new");
  // A run that was deleted on the server has no address; the evaluation keeps the first one.
  ASSERT_TRUE(store_->CompleteOutbox(pending->front().id, {"m1", "", ""}).ok());
  EXPECT_EQ(*store_->OutboxDepth(), 0);
  EXPECT_EQ(store_->Get("ev-1")->runs.at(0).run_id, "run7");
}

}  // namespace
}  // namespace assay::evaluator
