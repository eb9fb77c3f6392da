// Tests of the pairwise judging: orders, ties, self-judging, the cache of answers and failures.
#include "evaluator/judging/pair_judging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "evaluator/judging/local_judge.h"
#include "evaluator/raters/judgment_summary.h"
#include "tests/evaluator/judging/judging_fakes.h"
#include "tests/evaluator/run/fakes.h"
#include "tests/evaluator/store/run_store_fixture.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kId[] = "ev-1";
constexpr int kPrompts = 8;

class PairJudgingTest : public RunStoreTest {
 protected:
  void SetUp() override {
    RunStoreTest::SetUp();
    plan_.models = Candidates({"m1", "m2"});
    for (int i = 0; i < kPrompts; ++i) {
      const std::string id = absl::StrCat("p", i);
      plan_.prompts.push_back({.id = id, .content_type = "email", .prompt = "Write " + id});
    }
    ASSERT_TRUE(store_->Begin(RunningEvaluation(kId), plan_).ok());
    for (const EvaluationPrompt& prompt : plan_.prompts) {
      AddSample("m1", prompt.id, "short " + prompt.id);
      AddSample("m2", prompt.id, "a much longer text " + prompt.id);
    }
    auto opened = JudgmentStore::Open(path_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    judgments_ = *std::move(opened);
  }

  void AddSample(const std::string& model, const std::string& prompt, const std::string& text) {
    Sample sample = SomeSample(model, prompt);
    sample.repeat = 0;
    sample.error.clear();
    sample.generation.text = text;
    sample.revision = "rev-" + model;
    ASSERT_TRUE(store_->AddSample(kId, sample).ok());
    samples_.push_back(sample);
  }

  FakeJudge* AddJudge(const std::string& name, FakeJudge::AnswerFn answer) {
    auto judge = std::make_unique<FakeJudge>(name, std::move(answer));
    FakeJudge* const added = judge.get();
    judges_.push_back(std::move(judge));
    return added;
  }

  absl::StatusOr<JudgingProgress> Run(const PairSelection& selection = {},
                                      const CallContext& context = {}) {
    auto pairs = SelectPairs(plan_, samples_, selection);
    if (!pairs.ok()) return pairs.status();
    return JudgePairs(
        kId, plan_, *pairs, judges_, judgments_.get(),
        [this](const JudgingProgress&) { ++events_; }, context);
  }

  std::vector<Judgment> Stored() { return judgments_->Judgments(kId).value(); }
  JudgmentSummary Summary() { return SummarizeJudgments(plan_, Stored(), {}); }

  EvaluationPlan plan_;
  std::vector<Sample> samples_;
  std::unique_ptr<JudgmentStore> judgments_;
  std::vector<std::unique_ptr<Judge>> judges_;
  int events_ = 0;
};

TEST_F(PairJudgingTest, AWinNeedsBothOrders) {
  FakeJudge* judge = AddJudge("long", PreferLonger);
  const auto done = Run();
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(judge->questions, 2 * kPrompts);
  EXPECT_EQ(events_, kPrompts);
  EXPECT_NEAR(done->spent_usd, 0.25 * 2 * kPrompts, 1e-12);
  ASSERT_THAT(Stored(), SizeIs(kPrompts));
  EXPECT_EQ(DecisionOf(Stored()[0]), Preference::kOther);
  const JudgmentSummary summary = Summary();
  ASSERT_THAT(summary.pairs, SizeIs(1));
  EXPECT_EQ(summary.pairs[0].losses, kPrompts);
  EXPECT_EQ(summary.pairs[0].share, 0);
  // scipy.stats.binomtest(0, 8).pvalue
  EXPECT_NEAR(summary.pairs[0].p_value, 0.0078125, 1e-12);
  EXPECT_EQ(summary.judges[0].position_bias->value, 0);
  EXPECT_NEAR(summary.cost_usd, 0.25 * 2 * kPrompts, 1e-12);
}

TEST_F(PairJudgingTest, AJudgeThatFollowsThePositionIsAllTies) {
  AddJudge("first", PreferFirst);
  ASSERT_TRUE(Run().ok());
  const JudgmentSummary summary = Summary();
  EXPECT_EQ(summary.pairs[0].ties, kPrompts);
  EXPECT_EQ(summary.pairs[0].share, 0.5);
  EXPECT_EQ(summary.pairs[0].p_value, 1);
  EXPECT_EQ(summary.judges[0].follows_first, kPrompts);
  EXPECT_EQ(summary.judges[0].follows_second, 0);
  EXPECT_EQ(summary.judges[0].position_bias->value, 1);
  // scipy.stats.binomtest(8, 8).proportion_ci(method="wilson")
  EXPECT_NEAR(*summary.judges[0].position_bias->low, 0.6755924351, 1e-9);
  EXPECT_THAT(summary.warnings, ElementsAre(HasSubstr("follows the position")));
}

TEST_F(PairJudgingTest, EqualTextsAreATieWithoutAQuestion) {
  for (Sample& sample : samples_) sample.generation.text = "the same";
  FakeJudge* judge = AddJudge("long", PreferLonger);
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(judge->questions, 0);
  EXPECT_EQ(Summary().pairs[0].ties, kPrompts);
}

TEST_F(PairJudgingTest, AJudgeOfItsOwnTextsIsMarked) {
  AddJudge("long", PreferLonger)->wrote = "m2";
  ASSERT_TRUE(Run().ok());
  EXPECT_THAT(Stored()[0].warning, HasSubstr("wrote the texts of m2"));
  EXPECT_THAT(Summary().warnings, ElementsAre(HasSubstr("wrote the texts of m2")));
  plan_.models[0].model = "m2";
  ASSERT_TRUE(Run().ok());
  EXPECT_THAT(Summary().warnings, ElementsAre(HasSubstr("wrote the texts of m1 and of m2")));
}

TEST_F(PairJudgingTest, LocalJudgesKnowTheirOwnIdAndRevision) {
  FakeGenerator generator;
  const LocalJudge judge(&generator, "j", "m1");
  EXPECT_TRUE(judge.Wrote(plan_.models[0], samples_[0]));
  EXPECT_FALSE(judge.Wrote(plan_.models[1], samples_[1]));
  generator.revision = "rev-m2";
  EXPECT_TRUE(judge.Wrote(plan_.models[1], samples_[1]));
  EXPECT_THAT(judge.version(), StartsWith("local/m1@rev-m2 rubric "));
}

TEST_F(PairJudgingTest, LocalJudgesCompareTheLikelihoodsOfTheLetters) {
  FakeGenerator generator;
  LocalJudge judge(&generator, "j", "big");
  const JudgeQuestion question = {.prompt = "Write.", .first = "one", .second = "two"};
  generator.likelihoods = {{" A", -2}, {" B", -1}};
  EXPECT_EQ(judge.Ask(question, {})->choice, Choice::kSecond);
  generator.likelihoods = {{" A", -1}, {" B", -2}};
  EXPECT_EQ(judge.Ask(question, {})->choice, Choice::kFirst);
  generator.likelihoods = {{" A", -1}, {" B", -1}};
  EXPECT_EQ(judge.Ask(question, {})->choice, Choice::kNeither);
  EXPECT_THAT(QuestionText(question), HasSubstr("Text A:\n\"\"\"\none"));
  EXPECT_THAT(QuestionText(question), HasSubstr("Text B:\n\"\"\"\ntwo"));
  EXPECT_THAT(judge.Request(question), Not(HasSubstr("m1")));
}

TEST_F(PairJudgingTest, AStoredAnswerIsNotAskedAgain) {
  FakeJudge* judge = AddJudge("long", PreferLonger);
  ASSERT_TRUE(Run().ok());
  const std::vector<Judgment> before = Stored();
  const auto again = Run();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(judge->questions, 2 * kPrompts);
  EXPECT_EQ(again->asked, 0);
  EXPECT_EQ(again->cached, 2 * kPrompts);
  EXPECT_EQ(again->spent_usd, 0);
  ASSERT_THAT(Stored(), SizeIs(before.size()));
  EXPECT_EQ(Stored()[0].cost_usd, before[0].cost_usd);
}

TEST_F(PairJudgingTest, FailuresAreRecordedAndEndTheJudgeButNotTheJury) {
  FakeJudge* broken =
      AddJudge("broken", [](const JudgeQuestion&) { return absl::UnavailableError("is down"); });
  AddJudge("long", PreferLonger);
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(broken->questions, kMaxFailuresInRow);
  const JudgmentSummary summary = Summary();
  EXPECT_EQ(summary.judges[0].failures, kMaxFailuresInRow);
  EXPECT_EQ(summary.judges[0].judgments, 0);
  EXPECT_THAT(summary.judges[0].error, HasSubstr("is down"));
  EXPECT_EQ(summary.judges[1].judgments, kPrompts);
  EXPECT_THAT(summary.warnings, ElementsAre(HasSubstr("broken failed on 5 pairs")));
}

TEST_F(PairJudgingTest, ACancelledCallKeepsItsJudgments) {
  FakeJudge* judge = AddJudge("long", PreferLonger);
  const CallContext context([judge] { return judge->questions >= 4; });
  EXPECT_TRUE(absl::IsCancelled(Run({}, context).status()));
  EXPECT_THAT(Stored(), Not(IsEmpty()));
  EXPECT_LT(Stored().size(), static_cast<size_t>(kPrompts));
}

TEST_F(PairJudgingTest, SelectionsAreChecked) {
  EXPECT_THAT(SelectPairs(plan_, samples_, {.limit = 3}).value(), SizeIs(3));
  EXPECT_THAT(SelectPairs(plan_, samples_, {.baseline = "m2"}).value(), SizeIs(kPrompts));
  for (const PairSelection& wrong :
       {PairSelection{.baseline = "mx"}, PairSelection{.candidates = {"m1", "mx"}},
        PairSelection{.candidates = {"m1"}}, PairSelection{.limit = -1}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(SelectPairs(plan_, samples_, wrong).status()));
  }
  samples_[0].error = "failed";
  EXPECT_THAT(SelectPairs(plan_, samples_, {}).value(), SizeIs(kPrompts - 1));
}

TEST_F(PairJudgingTest, JudgmentsOfUnknownSamplesAreRefused) {
  const Judgment judgment = {.judge = "j",
                             .sample = {.model = "m1", .prompt_id = "nope"},
                             .other = {.model = "m2", .prompt_id = "nope"}};
  EXPECT_TRUE(absl::IsNotFound(judgments_->Add(kId, judgment)));
}

TEST_F(PairJudgingTest, TheOrderOfThePairDoesNotMatter) {
  Judgment judgment = {.judge = "j",
                       .sample = {.model = "m2", .prompt_id = "p0"},
                       .other = {.model = "m1", .prompt_id = "p0"},
                       .forward = Preference::kSample,
                       .backward = Preference::kTie};
  ASSERT_TRUE(judgments_->Add(kId, judgment).ok());
  ASSERT_THAT(Stored(), SizeIs(1));
  EXPECT_EQ(Stored()[0].sample.model, "m1");
  EXPECT_EQ(Stored()[0].forward, Preference::kTie);
  EXPECT_EQ(Stored()[0].backward, Preference::kOther);
  std::swap(judgment.sample, judgment.other);
  ASSERT_TRUE(judgments_->Add(kId, judgment).ok());
  ASSERT_THAT(Stored(), SizeIs(1));
  EXPECT_EQ(Stored()[0].forward, Preference::kSample);
}

}  // namespace
}  // namespace assay::evaluator
