#include "server/wire/rating_proto.h"

#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/evaluator/records/records.h"

namespace assay::server {
namespace {

using ::testing::HasSubstr;

class RatingProtoTest : public testing::Test {
 protected:
  RatingProtoTest() {
    samples_ = {evaluator::SomeSample("m1", "p1"), evaluator::SomeSample("m2", "p1"),
                evaluator::SomeSample("m1", "p2"), evaluator::SomeSample("m2", "p2")};
    samples_.back().error = "DEADLINE_EXCEEDED";
  }

  std::string Key(const std::string& model, const std::string& prompt) {
    return evaluator::SampleKey("ev-1", evaluator::IdOf(evaluator::SomeSample(model, prompt)));
  }

  // The identities of the samples that succeeded.
  std::vector<evaluator::SampleId> Ids() const {
    std::vector<evaluator::SampleId> ids;
    for (const evaluator::Sample& sample : samples_) {
      if (sample.error.empty()) ids.push_back(evaluator::IdOf(sample));
    }
    return ids;
  }

  std::vector<evaluator::Sample> samples_;
};

TEST_F(RatingProtoTest, ItemsDoNotShowTheModel) {
  const auto items = RatingItems("ev-1", evaluator::SomePlan(), samples_);
  ASSERT_EQ(items.size(), 3U);
  for (const assay::v1::RatingItem& item : items) {
    EXPECT_EQ(item.SerializeAsString().find("m1"), std::string::npos);
    EXPECT_EQ(item.SerializeAsString().find("m2"), std::string::npos);
    EXPECT_EQ(item.prompt(), item.prompt_id() == "p1" ? "Write." : "Tweet.");
  }
}

TEST_F(RatingProtoTest, ARatingComesBack) {
  const SampleKeys keys = KeysOf("ev-1", Ids());
  assay::v1::Rating in;
  in.set_rater("ann");
  in.set_sample(Key("m1", "p1"));
  in.set_other_sample(Key("m2", "p1"));
  in.set_preference(assay::v1::PREFERENCE_OTHER);
  in.mutable_rated_at()->set_seconds(1'790'000'000);
  const auto rating = ToRating(in, keys, absl::Now());
  ASSERT_TRUE(rating.ok()) << rating.status();
  const assay::v1::Rating out = ToProto("ev-1", evaluator::SomePlan(), *rating);
  EXPECT_EQ(out.rater(), "ann");
  EXPECT_EQ(out.sample(), in.sample());
  EXPECT_EQ(out.other_sample(), in.other_sample());
  EXPECT_EQ(out.preference(), assay::v1::PREFERENCE_OTHER);
  EXPECT_EQ(out.rated_at().seconds(), 1'790'000'000);
  EXPECT_EQ(out.model(), "m1");
  EXPECT_EQ(out.other_model(), "m2");
  EXPECT_EQ(out.content_type(), "linkedin");
}

TEST_F(RatingProtoTest, ErrorsNameTheField) {
  struct Case {
    std::function<void(assay::v1::Rating*)> set;
    std::string message;
  };
  const std::string same_prompt = Key("m2", "p1");
  const std::string other_prompt = Key("m1", "p2");
  const std::string failed = Key("m2", "p2");
  const std::vector<Case> cases = {
      {[](auto* r) { r->clear_rater(); }, "rater: must have 1 to 64 bytes"},
      {[](auto* r) { r->set_rater("a\nb"); }, "rater: must have"},
      {[](auto* r) { r->set_sample("00"); }, "sample: '00' is no sample of this evaluation"},
      {[&](auto* r) { r->set_sample(failed); }, "sample: "},
      {[](auto* r) { r->clear_score(); }, "score: is missing"},
      {[](auto* r) { r->set_score(11); }, "score: 11 is out of range"},
      {[](auto* r) { r->set_preference(assay::v1::PREFERENCE_TIE); }, "preference: needs"},
      {[&](auto* r) { r->set_other_sample(same_prompt); }, "score: is set together"},
      {[&](auto* r) {
         r->clear_score();
         r->set_other_sample(same_prompt);
       },
       "preference: is missing"},
      {[&](auto* r) {
         r->clear_score();
         r->set_other_sample(other_prompt);
         r->set_preference(assay::v1::PREFERENCE_TIE);
       },
       "other_sample: must be another text for the same prompt"}};
  const SampleKeys keys = KeysOf("ev-1", Ids());
  for (const Case& c : cases) {
    assay::v1::Rating in;
    in.set_rater("ann");
    in.set_sample(Key("m1", "p1"));
    in.set_score(5);
    EXPECT_TRUE(ToRating(in, keys, absl::Now()).ok());
    c.set(&in);
    EXPECT_THAT(std::string(ToRating(in, keys, absl::Now()).status().message()),
                HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace assay::server
