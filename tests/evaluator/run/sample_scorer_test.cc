// Tests of evaluator/run/sample_scorer.
#include "evaluator/run/sample_scorer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace assay::evaluator {
namespace {

// Returns `score`, or the error, after polling the context once.
class FixedScorer final : public Scorer {
 public:
  FixedScorer(std::string name, std::string version, absl::StatusOr<double> score)
      : name_(std::move(name)), version_(std::move(version)), score_(std::move(score)) {}

  std::string_view name() const override { return name_; }
  std::string version() const override { return version_; }
  absl::StatusOr<Score> ScoreText(const ScoreInput& input) const override {
    if (input.context.IsDone()) return absl::CancelledError("cancelled");
    if (!score_.ok()) return score_.status();
    return Score{.overall = *score_};
  }

 private:
  const std::string name_;
  const std::string version_;
  const absl::StatusOr<double> score_;
};

class SampleScorerTest : public testing::Test {
 protected:
  SampleScorerTest() {
    scorers_.Add(std::make_unique<FixedScorer>("good", "2", 8.0));
    scorers_.Add(std::make_unique<FixedScorer>("bad", "1", absl::InternalError("broken")));
  }

  ScorerSet scorers_;
};

TEST_F(SampleScorerTest, TheFirstScorerGivesTheQualityScore) {
  SampleScorer scorer(&scorers_, {"good", "bad"}, {{"good", "2"}, {"bad", "1"}});
  Sample sample;
  scorer.SetScorer(&sample);
  EXPECT_EQ(sample.scorer, "good");
  ASSERT_TRUE(scorer.ScoreSample({}, CallContext(), &sample));
  EXPECT_EQ(sample.quality_score, 8.0);
  EXPECT_EQ(sample.scorer_version, "2");
  ASSERT_EQ(sample.scores.size(), 2U);
  EXPECT_EQ(sample.scores[1].overall, std::nullopt);
  EXPECT_EQ(sample.scores[1].error, "INTERNAL: broken");
}

TEST_F(SampleScorerTest, AScoreOfAnotherVersionIsAnError) {
  SampleScorer scorer(&scorers_, {"good"}, {{"good", "1"}});
  Sample sample;
  ASSERT_TRUE(scorer.ScoreSample({}, CallContext(), &sample));
  EXPECT_EQ(sample.quality_score, std::nullopt);
  EXPECT_EQ(sample.scores[0].error,
            "FAILED_PRECONDITION: the scorer good was version 1 when the evaluation began and is 2 "
            "now; start a new evaluation");
}

TEST_F(SampleScorerTest, RecordedScoresDetermineTheVersion) {
  SampleScorer scorer(&scorers_, {"good"}, {{"good", "1"}});
  scorer.AddRecorded({.scores = {{.scorer = "good", .version = "2"}}});
  scorer.AddRecorded({.scores = {{.scorer = "good", .version = "3", .error = "INTERNAL: broken"}}});
  EXPECT_EQ(scorer.QualityScorerVersion(), "2");
}

TEST_F(SampleScorerTest, TheVersionOfAnUnknownScorerIsEmpty) {
  EXPECT_EQ(SampleScorer(&scorers_, {"missing"}, {}).QualityScorerVersion(), "");
  EXPECT_EQ(SampleScorer(&scorers_, {"good"}, {}).QualityScorerVersion(), "2");
}

TEST_F(SampleScorerTest, ReportsThatAScorerWasInterrupted) {
  SampleScorer scorer(&scorers_, {"good"}, {});
  Sample sample;
  EXPECT_FALSE(scorer.ScoreSample({}, CallContext([] { return true; }), &sample));
}

}  // namespace
}  // namespace assay::evaluator
