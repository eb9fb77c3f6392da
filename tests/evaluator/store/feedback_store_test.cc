// Tests of answers and feedback in the store.
#include "evaluator/store/feedback_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "evaluator/store/run_store.h"
#include "tests/temp_folder.h"

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class FeedbackStoreTest : public testing::Test {
 protected:
  void SetUp() override { Open({}); }

  void Open(const FeedbackRetention& retention) {
    store_.reset();
    auto opened = FeedbackStore::Open(path_, retention);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

  ServedAnswer Answer(const std::string& id, const std::string& model = "a") {
    return {.request_id = id,
            .model = model,
            .revision = "sha256:1",
            .content_type = "email",
            .rule = "weighted",
            .answered_at = now_,
            .cost_usd = 0.25};
  }

  void Add(const std::vector<ServedAnswer>& answers) {
    const absl::Status added = store_->AddAnswers(answers);
    ASSERT_TRUE(added.ok()) << added;
  }

  FeedbackResult Give(const std::string& id, const FeedbackValues& values) {
    auto given = store_->Give(id, values, now_);
    EXPECT_TRUE(given.ok()) << given.status();
    return given.ok() ? *std::move(given) : FeedbackResult{};
  }

  TempFolder folder_;
  std::string path_ = folder_ / "runs.db";
  std::unique_ptr<FeedbackStore> store_;
  // Stored times have microseconds.
  absl::Time now_ = absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()));
};

TEST_F(FeedbackStoreTest, FeedbackIsKeptWithTheAnswerItIsAbout) {
  Add({Answer("r-1")});
  const FeedbackResult result = Give("r-1", {.verdict = FeedbackVerdict::kEdited,
                                             .edit_distance = 0.5,
                                             .rating = 7,
                                             .conversion_usd = 12.5,
                                             .comment = "good"});
  EXPECT_EQ(result.verdict, FeedbackChange::kAdded);
  EXPECT_EQ(result.rating, FeedbackChange::kAdded);
  EXPECT_EQ(result.conversion, FeedbackChange::kAdded);
  EXPECT_EQ(result.comment, FeedbackChange::kAdded);
  Open({});
  const auto listed = store_->List({}, 10);
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_THAT(*listed, SizeIs(1));
  const Feedback& feedback = listed->front();
  EXPECT_EQ(feedback.answer.model, "a");
  EXPECT_EQ(feedback.answer.revision, "sha256:1");
  EXPECT_EQ(feedback.answer.content_type, "email");
  EXPECT_EQ(feedback.answer.rule, "weighted");
  EXPECT_EQ(feedback.answer.answered_at, now_);
  EXPECT_EQ(feedback.answer.cost_usd, 0.25);
  EXPECT_EQ(feedback.values.verdict, FeedbackVerdict::kEdited);
  EXPECT_EQ(feedback.values.edit_distance, 0.5);
  EXPECT_EQ(feedback.values.rating, 7);
  EXPECT_EQ(feedback.values.conversion_usd, 12.5);
  EXPECT_EQ(feedback.values.comment, "good");
}

TEST_F(FeedbackStoreTest, TheSameAgainChangesNothingAndAContradictionReplaces) {
  Add({Answer("r-1")});
  Give("r-1", {.verdict = FeedbackVerdict::kEdited, .edit_distance = 0.25, .rating = 7});
  now_ += absl::Seconds(5);
  const FeedbackResult again =
      Give("r-1", {.verdict = FeedbackVerdict::kEdited, .edit_distance = 0.25});
  EXPECT_EQ(again.verdict, FeedbackChange::kUnchanged);
  EXPECT_EQ(again.rating, FeedbackChange::kNotGiven);
  EXPECT_EQ(again.feedback.values.rating, 7);
  EXPECT_EQ(again.feedback.last_at, now_ - absl::Seconds(5));
  const FeedbackResult contradiction = Give("r-1", {.verdict = FeedbackVerdict::kRejected});
  EXPECT_EQ(contradiction.verdict, FeedbackChange::kReplaced);
  EXPECT_EQ(contradiction.feedback.values.edit_distance, std::nullopt);
  EXPECT_EQ(contradiction.feedback.last_at, now_);
  const auto totals = store_->Totals({});
  ASSERT_TRUE(totals.ok()) << totals.status();
  ASSERT_THAT(*totals, SizeIs(1));
  EXPECT_EQ(totals->front().edited, 0);
  EXPECT_EQ(totals->front().rejected, 1);
  EXPECT_EQ(totals->front().ratings, 1);
}

TEST_F(FeedbackStoreTest, AnUnknownOrOldRequestIsNotFound) {
  Open({.keep_answers = absl::Hours(1)});
  Add({Answer("r-1")});
  const auto unknown = store_->Give("r-2", {.rating = 1}, now_);
  EXPECT_TRUE(absl::IsNotFound(unknown.status())) << unknown.status();
  EXPECT_THAT(std::string(unknown.status().message()),
              HasSubstr("no answer to request 'r-2' is remembered; answers are kept for 1h"));
  EXPECT_TRUE(store_->Give("r-1", {.rating = 1}, now_ + absl::Minutes(59)).ok());
  EXPECT_TRUE(
      absl::IsNotFound(store_->Give("r-1", {.rating = 2}, now_ + absl::Minutes(61)).status()));
}

TEST_F(FeedbackStoreTest, FeedbackIsAboutTheNewestAnswerOfAnId) {
  Add({Answer("r-1", "a")});
  Give("r-1", {.rating = 3});
  now_ += absl::Seconds(1);
  Add({Answer("r-1", "b")});
  const FeedbackResult result = Give("r-1", {.rating = 8});
  EXPECT_EQ(result.rating, FeedbackChange::kAdded);
  EXPECT_EQ(result.feedback.answer.model, "b");
  const auto totals = store_->Totals({});
  ASSERT_TRUE(totals.ok());
  ASSERT_THAT(*totals, SizeIs(2));
  EXPECT_EQ((*totals)[0].rating_sum, 3);
  EXPECT_EQ((*totals)[0].answers, 0);
  EXPECT_EQ((*totals)[1].rating_sum, 8);
  EXPECT_EQ((*totals)[1].answers, 1);
}

TEST_F(FeedbackStoreTest, OnlySoManyAnswersAreKeptForSoLong) {
  Open({.keep_answers = absl::Hours(1), .max_answers = 3});
  std::vector<ServedAnswer> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(Answer(absl::StrCat("r-", i)));
  Add(answers);
  EXPECT_TRUE(absl::IsNotFound(store_->Give("r-1", {.rating = 1}, now_).status()));
  EXPECT_TRUE(store_->Give("r-2", {.rating = 1}, now_).ok());
  ServedAnswer old = Answer("old");
  old.answered_at = now_ - absl::Hours(2);
  Add({old});
  EXPECT_TRUE(absl::IsNotFound(store_->Give("old", {.rating = 1}, now_).status()));
}

TEST_F(FeedbackStoreTest, TotalsCountByModelAndContentType) {
  std::vector<ServedAnswer> answers;
  for (int i = 0; i < 10; ++i) answers.push_back(Answer(absl::StrCat("r-", i)));
  ServedAnswer other = Answer("other");
  other.content_type = "blog";
  answers.push_back(other);
  Add(answers);
  Give("r-0", {.verdict = FeedbackVerdict::kAccepted, .conversion_usd = 2});
  Give("r-1", {.verdict = FeedbackVerdict::kEdited, .edit_distance = 0.2, .conversion_usd = 0});
  Give("r-2", {.verdict = FeedbackVerdict::kEdited});
  Give("r-3", {.verdict = FeedbackVerdict::kRejected, .rating = 2});
  Give("r-4", {.rating = 5});
  const auto totals = store_->Totals({.content_type = "email"});
  ASSERT_TRUE(totals.ok()) << totals.status();
  ASSERT_THAT(*totals, SizeIs(1));
  const FeedbackTotals& email = totals->front();
  EXPECT_EQ(email.answers, 10);
  EXPECT_EQ(email.accepted, 1);
  EXPECT_EQ(email.edited, 2);
  EXPECT_EQ(email.rejected, 1);
  EXPECT_EQ(email.edit_distances, 1);
  EXPECT_EQ(email.edit_distance_sum, 0.2);
  EXPECT_EQ(email.ratings, 2);
  EXPECT_EQ(email.rating_sum, 7);
  EXPECT_EQ(email.conversions, 2);
  EXPECT_EQ(email.converted_answers, 1);
  EXPECT_EQ(email.conversion_usd, 2);
  EXPECT_EQ(email.revisions, 1);
  const auto none = store_->Totals({}, now_ + absl::Seconds(1));
  ASSERT_TRUE(none.ok());
  ASSERT_THAT(*none, SizeIs(2));
  EXPECT_EQ((*none)[1].answers, 10);
  EXPECT_EQ((*none)[1].accepted, 0);
}

TEST_F(FeedbackStoreTest, OutcomesCountConversionsOfUsedAnswers) {
  ServedAnswer blog = Answer("r-3");
  blog.content_type = "blog";
  Add({Answer("r-0"), Answer("r-1"), Answer("r-2"), blog, Answer("r-4", "b")});
  Give("r-0", {.verdict = FeedbackVerdict::kAccepted, .conversion_usd = 4});
  Give("r-1", {.verdict = FeedbackVerdict::kRejected, .conversion_usd = 100});
  Give("r-2", {.conversion_usd = 100});
  Give("r-3", {.verdict = FeedbackVerdict::kEdited, .conversion_usd = 0});
  Give("r-4", {.verdict = FeedbackVerdict::kEdited, .conversion_usd = 100});
  const std::vector<std::string> types = {"email", "blog"};
  const auto outcomes = store_->Outcomes("a", types);
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  EXPECT_EQ(outcomes->verdicts, 3);
  EXPECT_EQ(outcomes->used, 2);
  EXPECT_EQ(outcomes->conversions, 1);
  EXPECT_EQ(outcomes->conversion_usd, 4);
}

TEST_F(FeedbackStoreTest, AnArmCountsARoutingKeyOnce) {
  std::vector<ServedAnswer> answers;
  for (int i = 0; i < 4; ++i) {
    answers.push_back(Answer(absl::StrCat("key-", i)));
    answers.back().key_hash = "k1";
  }
  answers.push_back(Answer("single-1"));
  answers.push_back(Answer("single-2"));
  answers.push_back(Answer("b-1", "b"));
  ServedAnswer fixed = Answer("fixed");
  fixed.rule = "fixed";
  answers.push_back(fixed);
  Add(answers);
  Give("key-0", {.verdict = FeedbackVerdict::kAccepted, .conversion_usd = 8});
  Give("key-1", {.verdict = FeedbackVerdict::kRejected});
  Give("single-1", {.verdict = FeedbackVerdict::kEdited, .rating = 6});
  Give("fixed", {.verdict = FeedbackVerdict::kRejected});
  const auto arms = store_->Arms("email");
  ASSERT_TRUE(arms.ok()) << arms.status();
  ASSERT_THAT(*arms, SizeIs(2));
  const ArmTotals& a = arms->front();
  EXPECT_EQ(a.model, "a");
  EXPECT_EQ(a.answers, 6);
  // Units: the key (mean 0.5) and single-1 (1).
  EXPECT_EQ(a.acceptance.n, 2);
  EXPECT_EQ(a.acceptance.sum, 1.5);
  EXPECT_EQ(a.acceptance.squares, 1.25);
  EXPECT_EQ(a.rating.n, 1);
  EXPECT_EQ(a.rating.sum, 6);
  // Units: the key (8 USD over four answers), single-1 and single-2.
  EXPECT_EQ(a.value.n, 3);
  EXPECT_EQ(a.value.sum, 2);
  EXPECT_EQ((*arms)[1].value.n, 1);
  EXPECT_EQ((*arms)[1].acceptance.n, 0);
}

TEST_F(FeedbackStoreTest, RunsGoThroughTheOutboxOfTheRunStore) {
  auto runs = RunStore::Open(path_);
  ASSERT_TRUE(runs.ok()) << runs.status();
  EXPECT_EQ(store_->ReportedUntil().value(), absl::InfinitePast());
  TrackedRun run;
  run.client_key = "feedback/1/a";
  run.model = "a";
  run.run_name = "feedback_a";
  run.succeeded = true;
  run.metrics = {{"accepted/email", 3, now_, 0}};
  ASSERT_TRUE(store_->QueueRuns(std::vector<TrackedRun>{run}, now_).ok());
  EXPECT_EQ(store_->ReportedUntil().value(), now_);
  // The key is unique: a second attempt changes nothing.
  EXPECT_TRUE(absl::IsAlreadyExists(
      store_->QueueRuns(std::vector<TrackedRun>{run}, now_ + absl::Hours(24))));
  EXPECT_EQ(store_->ReportedUntil().value(), now_);
  const auto pending = (*runs)->PendingOutbox(absl::Now(), 10);
  ASSERT_TRUE(pending.ok()) << pending.status();
  ASSERT_THAT(*pending, SizeIs(1));
  EXPECT_EQ(pending->front().run.evaluation_id, "");
  EXPECT_EQ(pending->front().run.metrics.front().value, 3);
  ASSERT_TRUE((*runs)->CompleteOutbox(pending->front().id, {.model = "a", .run_id = "1"}).ok());
  EXPECT_EQ((*runs)->OutboxDepth().value(), 0);
  EXPECT_TRUE(absl::IsNotFound((*runs)->CompleteOutbox(pending->front().id, {.model = "a"})));
}

}  // namespace
}  // namespace assay::evaluator
