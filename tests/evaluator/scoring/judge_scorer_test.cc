// A judge whose probabilities follow a script.
#include "evaluator/scoring/judge_scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "base/call_context.h"
#include "tests/evaluator/run/fakes.h"

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FakeJudge : public FakeGenerator {
 public:
  // Probability of a rating, by question.
  std::function<double(const std::string& question, int rating)> probability;
  std::vector<LikelihoodJob> asked;

  absl::StatusOr<std::vector<Likelihood>> Likelihoods(const LikelihoodJob& job,
                                                      const CallContext& context) override {
    if (context.IsDone()) return absl::CancelledError("cancelled while the model was loading");
    if (!likelihood_error.ok()) return likelihood_error;
    asked.push_back(job);
    std::vector<Likelihood> found;
    for (size_t i = 0; i < job.continuations.size(); ++i) {
      found.push_back({.log_likelihood = std::log(probability(job.context, static_cast<int>(i)))});
    }
    return found;
  }
};

const ScoreInput kInput = {
    .content_type = "linkedin", .prompt = "Write a post.", .text = "We cut our newsletter."};

TEST(JudgeScorerTest, TheExpectationIsTheScoreNotTheLikeliestDigit) {
  FakeJudge judge;
  judge.probability = [](const std::string&, int rating) { return rating >= 3 ? 0.2 : 1e-9; };
  const auto score = JudgeScorer(&judge, "big").ScoreText(kInput);
  ASSERT_TRUE(score.ok()) << score.status();
  EXPECT_NEAR(score->overall, 8, 1e-6);
  EXPECT_NEAR(score->parts.at("disagreement"), 0, 1e-9);
}

TEST(JudgeScorerTest, ATasteForTheScalesOrderCancels) {
  FakeJudge judge;
  judge.probability = [](const std::string& question, int rating) {
    const bool upwards = absl::StrContains(question, "0 = useless, 1");
    // One better when the scale begins with the best.
    return rating == (upwards ? 2 : 4) ? 1.0 : 1e-12;
  };
  const auto score = JudgeScorer(&judge, "big").ScoreText(kInput);
  EXPECT_NEAR(score->overall, 6, 1e-6);
  EXPECT_NEAR(score->parts.at("disagreement"), 2, 1e-6);
}

TEST(JudgeScorerTest, TheJudgeSeesTaskAndTextAndNoModel) {
  FakeJudge judge;
  judge.probability = [](const std::string&, int) { return 0.1; };
  const JudgeScorer scorer(&judge, "big");
  ASSERT_TRUE(scorer.ScoreText(kInput).ok());
  ASSERT_EQ(judge.asked.size(), 2U);
  EXPECT_THAT(judge.asked[0].context, HasSubstr("Write a post."));
  EXPECT_THAT(judge.asked[0].context, HasSubstr("We cut our newsletter."));
  EXPECT_THAT(judge.asked[0].context, Not(HasSubstr("smol")));
  EXPECT_EQ(judge.asked[0].continuations.size(), 6U);
  EXPECT_EQ(scorer.version(), "1/big@sha256:0123456789ab");
  judge.revision = "";
  EXPECT_EQ(scorer.version(), "1/big");
}

// Its model may have to be downloaded.
TEST(JudgeScorerTest, AJudgeStopsWhenItsCallerDoes) {
  FakeJudge judge;
  judge.probability = [](const std::string&, int) { return 0.1; };
  ScoreInput input = kInput;
  input.context = CallContext([] { return true; });
  EXPECT_TRUE(absl::IsCancelled(JudgeScorer(&judge, "big").ScoreText(input).status()));
}

TEST(JudgeScorerTest, AJudgeThatFailsGivesNoScore) {
  FakeJudge judge;
  judge.likelihood_error = absl::NotFoundError("no such model");
  const absl::Status status = JudgeScorer(&judge, "big").ScoreText(kInput).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(status.message(), "judge big: no such model");
}

}  // namespace
}  // namespace assay::evaluator
