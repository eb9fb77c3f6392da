// Tests of people's ratings in the run store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/evaluator/store/run_store_fixture.h"

namespace assay::evaluator {
namespace {

using ::testing::SizeIs;

class RunStoreRatingsTest : public RunStoreTest {
 protected:
  void SetUp() override {
    RunStoreTest::SetUp();
    ASSERT_TRUE(store_->Begin(RunningEvaluation("ev-1"), SomePlan()).ok());
    ASSERT_TRUE(store_->AddSample("ev-1", SomeSample("m1", "p1")).ok());
    ASSERT_TRUE(store_->AddSample("ev-1", SomeSample("m2", "p1")).ok());
  }

  Rating Score(const std::string& rater, const std::string& model, double score) {
    return {.rater = rater, .sample = Id(model), .score = score, .rated_at = time_};
  }
  Rating Prefer(const std::string& model, const std::string& other, Preference preference) {
    return {.rater = "ann",
            .sample = Id(model),
            .other = Id(other),
            .preference = preference,
            .rated_at = time_};
  }
  SampleId Id(const std::string& model) { return IdOf(SomeSample(model, "p1")); }

  const absl::Time time_ = absl::FromUnixSeconds(1'790'000'000);
};

TEST_F(RunStoreRatingsTest, RatingsAreReadAsTheyWereGiven) {
  const auto counts = store_->AddRatings("ev-1", {Score("ann", "m1", 7.5), Score("bob", "m1", 3),
                                                  Prefer("m2", "m1", Preference::kSample)});
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->added, 3);
  Reopen();
  const auto ratings = store_->Ratings("ev-1");
  ASSERT_TRUE(ratings.ok()) << ratings.status();
  ASSERT_THAT(*ratings, SizeIs(3));
  EXPECT_EQ((*ratings)[0].rater, "ann");
  EXPECT_EQ((*ratings)[0].score, 7.5);
  EXPECT_EQ((*ratings)[0].rated_at, time_);
  EXPECT_FALSE((*ratings)[0].other.has_value());
  // Pairs have one direction: the sample that was taken first comes first.
  EXPECT_EQ((*ratings)[2].sample.model, "m1");
  EXPECT_EQ((*ratings)[2].other->model, "m2");
  EXPECT_EQ((*ratings)[2].preference, Preference::kOther);
}

TEST_F(RunStoreRatingsTest, TheSameSampleIsRatedOncePerRater) {
  ASSERT_TRUE(
      store_->AddRatings("ev-1", {Score("ann", "m1", 7), Prefer("m1", "m2", Preference::kTie)})
          .ok());
  const auto counts = store_->AddRatings(
      "ev-1", {Score("ann", "m1", 7), Score("ann", "m1", 8), Prefer("m2", "m1", Preference::kTie),
               Prefer("m2", "m1", Preference::kOther)});
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->added, 0);
  EXPECT_EQ(counts->unchanged, 2);
  EXPECT_EQ(counts->replaced, 2);
  const auto ratings = store_->Ratings("ev-1");
  ASSERT_THAT(ratings.value(), SizeIs(2));
  EXPECT_EQ((*ratings)[1].preference, Preference::kSample);
}

TEST_F(RunStoreRatingsTest, AnUnknownSampleAddsNothing) {
  const auto status =
      store_->AddRatings("ev-1", {Score("ann", "m1", 7), Score("ann", "m9", 7)}).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(store_->Ratings("ev-1").value(), SizeIs(0));
  EXPECT_TRUE(absl::IsNotFound(store_->AddRatings("ev-9", {}).status()));
  EXPECT_TRUE(absl::IsNotFound(store_->Ratings("ev-9").status()));
}

TEST(SampleKeyTest, KeysDifferAndDoNotShowTheModel) {
  const SampleId sample = {.model = "model-1", .prompt_id = "p", .repeat = 0};
  const std::string key = SampleKey("ev-1", sample);
  EXPECT_EQ(key.size(), 16U);
  EXPECT_NE(key, SampleKey("ev-2", sample));
  EXPECT_NE(key, SampleKey("ev-1", {.model = "model-2", .prompt_id = "p"}));
  EXPECT_NE(SampleKey("ev-1", {.model = "a", .prompt_id = "bc"}),
            SampleKey("ev-1", {.model = "ab", .prompt_id = "c"}));
  EXPECT_EQ(key.find("model"), std::string::npos);
}

}  // namespace
}  // namespace assay::evaluator
