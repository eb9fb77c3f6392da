// Tests of evaluator/run/known_answer.
#include "evaluator/run/known_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/call_context.h"
#include "tests/evaluator/records/tasks.h"
#include "tests/evaluator/run/fakes.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr absl::Duration kTimeout = absl::Seconds(7);

TEST(KnownAnswerTest, TheModelChoosesTheMostLikelyChoice) {
  FakeGenerator generator;
  generator.likelihoods = {{" 4", -2.0}, {" fourteen", -4.0}};
  const auto answer =
      AnswerItem(&generator, "m1", FactsTask(), FactsTask().items[0], kTimeout, CallContext());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->task, "facts");
  EXPECT_EQ(answer->item_id, "q1");
  EXPECT_THAT(answer->log_likelihoods, ElementsAre(-2.0, -4.0));
  EXPECT_EQ(answer->chosen, 0);
  EXPECT_TRUE(answer->correct);
  // -2 per character for " 4", -0.5 for " fourteen".
  EXPECT_EQ(answer->chosen_by_length, 1);
  EXPECT_FALSE(answer->correct_by_length);
}

class SlowGenerator final : public FakeGenerator {
 public:
  absl::StatusOr<std::vector<Likelihood>> Likelihoods(const LikelihoodJob& job,
                                                      const CallContext& /*context*/) override {
    timeouts.push_back(job.timeout);
    return absl::DeadlineExceededError("slow");
  }
  std::vector<absl::Duration> timeouts;
};

TEST(KnownAnswerTest, TheTimeoutIsPassedToTheModel) {
  SlowGenerator generator;
  ASSERT_TRUE(
      AnswerItem(&generator, "m1", FactsTask(), FactsTask().items[0], kTimeout, CallContext())
          .ok());
  ASSERT_TRUE(AnswerText(&generator, "m1", {.text = "Once."}, kTimeout, CallContext()).ok());
  EXPECT_THAT(generator.timeouts, ElementsAre(kTimeout, kTimeout));
}

TEST(KnownAnswerTest, AFailureIsStoredInTheAnswer) {
  FakeGenerator generator;
  generator.likelihood_error = absl::ResourceExhaustedError("full");
  const auto answer =
      AnswerItem(&generator, "m1", FactsTask(), FactsTask().items[0], kTimeout, CallContext());
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->error, "RESOURCE_EXHAUSTED: full");
  EXPECT_EQ(answer->chosen, -1);
  EXPECT_TRUE(absl::IsCancelled(
      AnswerItem(&generator, "m1", FactsTask(), FactsTask().items[0], kTimeout, CallContext([] {
        return true;
      })).status()));
}

// NaN compares false with everything, so that the first choice would win. In JSON it is null, which
// a resumed evaluation could not read.
TEST(KnownAnswerTest, ALikelihoodThatIsNotFiniteIsAnError) {
  for (const double bad : {std::nan(""), -HUGE_VAL}) {
    FakeGenerator generator;
    generator.likelihoods = {{" 4", -2.0}, {" fourteen", bad}};
    const auto answer =
        AnswerItem(&generator, "m1", FactsTask(), FactsTask().items[0], kTimeout, CallContext());
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_THAT(answer->error, HasSubstr("INTERNAL: likelihood 1 is "));
    EXPECT_EQ(answer->chosen, -1);
    EXPECT_THAT(answer->log_likelihoods, SizeIs(0));
  }
}

TEST(KnownAnswerTest, ATextHasOneLikelihood) {
  FakeGenerator generator;
  generator.likelihoods = {{"ab cd  ef", -9.0}};
  const KnownAnswerTask story{.name = "story", .kind = TaskKind::kPerplexity, .text = "ab cd  ef"};
  const auto answer = AnswerText(&generator, "m1", story, kTimeout, CallContext());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->item_id, "text");
  EXPECT_THAT(answer->log_likelihoods, ElementsAre(-9.0));
  EXPECT_THAT(answer->tokens, ElementsAre(2));
}

}  // namespace
}  // namespace assay::evaluator
