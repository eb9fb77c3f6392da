// Tests of the samples and answers in the run store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "evaluator/store/sqlite.h"
#include "tests/evaluator/store/run_store_fixture.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using RunStoreSamplesTest = RunStoreTest;

TEST_F(RunStoreSamplesTest, SamplesAreUnchangedAndInOrderAfterReopening) {
  ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
  Sample failed = SomeSample("m2", "p1");
  failed.error = "DEADLINE_EXCEEDED: too slow";
  failed.quality_score.reset();
  ASSERT_TRUE(store_->AddSample("ev-1", SomeSample("m1", "p1")).ok());
  ASSERT_TRUE(store_->AddSample("ev-1", failed).ok());
  Reopen();
  const auto succeeded = store_->SuccessfulSamples("ev-1");
  ASSERT_TRUE(succeeded.ok()) << succeeded.status();
  EXPECT_THAT(*succeeded, ElementsAre(IdOf(SomeSample("m1", "p1"))));
  EXPECT_TRUE(absl::IsNotFound(store_->SuccessfulSamples("ev-2").status()));
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

TEST_F(RunStoreSamplesTest, SamplesAreNeitherDuplicatedNorChanged) {
  ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
  ASSERT_TRUE(store_->AddSample("ev-1", SomeSample("m1", "p1")).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(store_->AddSample("ev-1", SomeSample("m1", "p1"))));
  store_.reset();
  const absl::Status changed =
      (*sqlite::Database::Open(path_))->Execute("UPDATE samples SET quality_score = 10");
  EXPECT_THAT(std::string(changed.message()), HasSubstr("samples are never changed"));
}

TEST_F(RunStoreSamplesTest, AnswersAreUnchangedAfterReopeningAndAreCounted) {
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

TEST_F(RunStoreSamplesTest, ASampleIsDeletedOnlyWithItsEvaluation) {
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

}  // namespace
}  // namespace assay::evaluator
