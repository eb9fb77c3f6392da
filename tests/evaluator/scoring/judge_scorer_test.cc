// Tests of the judge scorer with scripted probabilities.
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
  // Returns the probability of a rating for a prompt.
  std::function<double(const std::string& prompt, int rating)> probability;
  std::vector<LikelihoodJob> jobs;

  absl::StatusOr<std::vector<Likelihood>> Likelihoods(const LikelihoodJob& job,
                                                      const CallContext& context) override {
    if (context.IsDone()) return absl::CancelledError("cancelled while the model was loading");
    if (!likelihood_error.ok()) return likelihood_error;
    jobs.push_back(job);
    std::vector<Likelihood> found;
    for (size_t i = 0; i < job.continuations.size(); ++i) {
      found.push_back({.log_likelihood = std::log(probability(job.context, static_cast<int>(i)))});
    }
    return found;
  }
};

const ScoreInput kInput = {
    .content_type = "linkedin", .prompt = "Write a post.", .text = "We cut our newsletter."};

TEST(JudgeScorerTest, ScoreIsTheExpectationNotTheLikeliestDigit) {
  FakeJudge judge;
  judge.probability = [](const std::string&, int rating) { return rating >= 3 ? 0.2 : 1e-9; };
  const auto score = JudgeScorer(&judge, "big").ScoreText(kInput);
  ASSERT_TRUE(score.ok()) << score.status();
  EXPECT_NEAR(score->overall, 8, 1e-6);
  EXPECT_NEAR(score->parts.at("disagreement"), 0, 1e-9);
}

TEST(JudgeScorerTest, PositionBiasCancelsOut) {
  FakeJudge judge;
  judge.probability = [](const std::string& prompt, int rating) {
    const bool ascending = absl::StrContains(prompt, "0 = useless, 1");
    // Biased by two ratings towards a scale that begins with the best.
    return rating == (ascending ? 2 : 4) ? 1.0 : 1e-12;
  };
  const auto score = JudgeScorer(&judge, "big").ScoreText(kInput);
  EXPECT_NEAR(score->overall, 6, 1e-6);
  EXPECT_NEAR(score->parts.at("disagreement"), 2, 1e-6);
}

TEST(JudgeScorerTest, JudgeSeesTaskAndTextButNotTheModel) {
  FakeJudge judge;
  judge.probability = [](const std::string&, int) { return 0.1; };
  const JudgeScorer scorer(&judge, "big");
  ASSERT_TRUE(scorer.ScoreText(kInput).ok());
  ASSERT_EQ(judge.jobs.size(), 2U);
  EXPECT_THAT(judge.jobs[0].context, HasSubstr("Write a post."));
  EXPECT_THAT(judge.jobs[0].context, HasSubstr("We cut our newsletter."));
  EXPECT_THAT(judge.jobs[0].context, Not(HasSubstr("smol")));
  EXPECT_EQ(judge.jobs[0].continuations.size(), 6U);
  EXPECT_EQ(scorer.version(), "1/big@sha256:0123456789ab");
  judge.revision = "";
  EXPECT_EQ(scorer.version(), "1/big");
}

// A judge may take long, for example while its model is downloaded.
TEST(JudgeScorerTest, StopsWhenTheCallIsCancelled) {
  FakeJudge judge;
  judge.probability = [](const std::string&, int) { return 0.1; };
  ScoreInput input = kInput;
  input.context = CallContext([] { return true; });
  EXPECT_TRUE(absl::IsCancelled(JudgeScorer(&judge, "big").ScoreText(input).status()));
}

TEST(JudgeScorerTest, ErrorsNameTheJudge) {
  FakeJudge judge;
  judge.likelihood_error = absl::NotFoundError("no such model");
  const absl::Status status = JudgeScorer(&judge, "big").ScoreText(kInput).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(status.message(), "judge big: no such model");
}

}  // namespace
}  // namespace assay::evaluator
