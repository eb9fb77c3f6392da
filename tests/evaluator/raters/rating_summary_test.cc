#include "evaluator/raters/rating_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

// An evaluation of two models on `prompts` prompts whose raters follow the score, with noise.
struct RatedEvaluation {
  RatedEvaluation(int prompts, double noise) {
    std::mt19937_64 random(5);
    std::normal_distribution<double> normal;
    for (int p = 0; p < prompts; ++p) {
      for (const std::string model : {"m1", "m2"}) {
        Sample sample;
        sample.model = model;
        sample.content_type = "linkedin";
        sample.prompt_id = absl::StrCat("p", p);
        sample.generation.text = absl::StrCat("Text of ", model, " for ", p);
        sample.scorer = "assay";
        sample.scorer_version = "2";
        sample.quality_score = std::clamp(5 + 2 * normal(random), 0.0, 10.0);
        for (const std::string rater : {"ann", "bob"}) {
          const double rating = 0.5 * *sample.quality_score + 4 + noise * normal(random);
          ratings.push_back(
              {.rater = rater, .sample = IdOf(sample), .score = std::clamp(rating, 0.0, 10.0)});
        }
        samples.push_back(sample);
      }
    }
  }
  std::vector<Sample> samples;
  std::vector<Rating> ratings;
};

TEST(RatingSummaryTest, RatersWhoFollowTheScoreAreOrderedByIt) {
  const RatedEvaluation rated(40, 0);
  const RatingSummary summary = SummarizeRatings(rated.samples, rated.ratings);
  ASSERT_THAT(summary.agreements, SizeIs(1));
  EXPECT_EQ(summary.agreements[0].raters, 2);
  EXPECT_EQ(summary.agreements[0].units, 80);
  EXPECT_NEAR(summary.agreements[0].alpha->value, 1, 1e-9);
  EXPECT_NEAR(summary.agreements[0].kappa->value, 1, 1e-9);
  ASSERT_THAT(summary.calibrations, SizeIs(1));
  const ScoreCalibration& c = summary.calibrations[0];
  EXPECT_EQ(c.scorer, "assay 2");
  EXPECT_EQ(c.samples, 80);
  EXPECT_EQ(c.prompts, 40);
  EXPECT_EQ(c.pairs, 40);
  EXPECT_NEAR(c.spearman->value, 1, 1e-9);
  EXPECT_EQ(c.pair_agreement->value, 1);
  // The mapping 0.5 x + 4 is learned; without it the error is large.
  EXPECT_LT(c.absolute_error->value, 0.15);
  EXPECT_GT(c.raw_absolute_error, 1);
  EXPECT_THAT(c.sentence, StartsWith("on linkedin the score orders pairs as people do in 100 %"));
}

TEST(RatingSummaryTest, NoiseLowersAgreementAndWidensTheInterval) {
  const RatedEvaluation rated(60, 2);
  const RatingSummary summary = SummarizeRatings(rated.samples, rated.ratings);
  const ScoreCalibration& c = summary.calibrations[0];
  EXPECT_GT(c.pair_agreement->value, 0.5);
  EXPECT_LT(c.pair_agreement->value, 0.95);
  EXPECT_LT(*c.pair_agreement->low, c.pair_agreement->value);
  EXPECT_GT(*c.pair_agreement->high, c.pair_agreement->value);
  EXPECT_LT(*c.spearman->low, c.spearman->value);
  EXPECT_LT(summary.agreements[0].alpha->value, 0.9);
  EXPECT_LT(*summary.agreements[0].alpha->low, summary.agreements[0].alpha->value);
}

TEST(RatingSummaryTest, HeldOutErrorIsNotThatOfTheFit) {
  // Ratings without any relation to the score: a calibration that had seen them would look better
  // than the spread of the ratings.
  RatedEvaluation rated(30, 0);
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> uniform(0, 10);
  for (Rating& rating : rated.ratings) rating.score = uniform(random);
  const RatingSummary summary = SummarizeRatings(rated.samples, rated.ratings);
  EXPECT_GT(summary.calibrations[0].absolute_error->value, 1.5);
}

TEST(RatingSummaryTest, PreferencesCountBeforeRatings) {
  RatedEvaluation rated(25, 0);
  // Every preference is against the score.
  rated.ratings.clear();
  for (size_t i = 0; i < rated.samples.size(); i += 2) {
    const Sample& a = rated.samples[i];
    const Sample& b = rated.samples[i + 1];
    const bool a_scores_more = *a.quality_score > *b.quality_score;
    for (const std::string rater : {"ann", "bob"}) {
      rated.ratings.push_back(
          {.rater = rater,
           .sample = IdOf(a),
           .other = IdOf(b),
           .preference = a_scores_more ? Preference::kOther : Preference::kSample});
    }
  }
  const RatingSummary summary = SummarizeRatings(rated.samples, rated.ratings);
  ASSERT_THAT(summary.agreements, SizeIs(1));
  EXPECT_TRUE(summary.agreements[0].pairwise);
  EXPECT_EQ(summary.agreements[0].units, 25);
  EXPECT_EQ(summary.calibrations[0].pairs, 25);
  EXPECT_EQ(summary.calibrations[0].pair_agreement->value, 0);
  EXPECT_EQ(summary.calibrations[0].samples, 0);
}

TEST(RatingSummaryTest, EqualTextsAreNoPair) {
  RatedEvaluation rated(25, 1);
  for (Sample& sample : rated.samples) sample.generation.text = "the same";
  EXPECT_EQ(SummarizeRatings(rated.samples, rated.ratings).calibrations[0].pairs, 0);
}

TEST(RatingSummaryTest, FewRatingsAreCalledTooFew) {
  const RatedEvaluation rated(4, 1);
  const RatingSummary summary = SummarizeRatings(rated.samples, rated.ratings);
  const ScoreCalibration& c = summary.calibrations[0];
  EXPECT_FALSE(c.pair_agreement.has_value());
  EXPECT_FALSE(c.spearman.has_value());
  EXPECT_TRUE(c.steps.empty());
  EXPECT_THAT(c.sentence, HasSubstr("there are too few ratings"));
  EXPECT_TRUE(SummarizeRatings(rated.samples, {}).calibrations.empty());
}

TEST(RatingSummaryTest, SeveralContentTypesAlsoHaveASumOfAll) {
  RatedEvaluation rated(30, 1);
  for (size_t i = 0; i < 30; ++i) rated.samples[i].content_type = "email";
  const RatingSummary summary = SummarizeRatings(rated.samples, rated.ratings);
  ASSERT_THAT(summary.calibrations, SizeIs(3));
  EXPECT_EQ(summary.calibrations[0].content_type, "");
  EXPECT_EQ(summary.calibrations[0].samples, 60);
  EXPECT_EQ(summary.calibrations[1].content_type, "email");
  EXPECT_EQ(summary.calibrations[2].content_type, "linkedin");
}

}  // namespace
}  // namespace assay::evaluator
