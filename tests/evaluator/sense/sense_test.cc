// Tests of readings and factors with scripted models. bench/score_validity.py judges real ones.
#include "evaluator/sense/sense.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "evaluator/scoring/assay_scorer.h"
#include "evaluator/sense/references.h"
#include "tests/evaluator/run/fakes.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

std::vector<std::string> Sorted(const std::string& text) {
  std::vector<std::string> words = absl::StrSplit(text, ' ');
  std::sort(words.begin(), words.end());
  return words;
}

// Expects the words that follow each other in the references: each other pair costs more.
class FakeReader : public FakeGenerator {
 public:
  absl::StatusOr<std::vector<Likelihood>> Likelihoods(const LikelihoodJob& job,
                                                      const CallContext& context) override {
    if (context.IsDone()) return absl::CancelledError("cancelled");
    if (!likelihood_error.ok()) return likelihood_error;
    ++jobs;
    std::vector<Likelihood> found;
    for (const std::string& text : job.continuations) {
      found.push_back({.log_likelihood = -Cost(text) * (job.context.empty() ? 1.0 : 0.9)});
    }
    return found;
  }

  std::string RevisionOf(const std::string& model) override { return model + "-1"; }

  int jobs = 0;
  // The cost of a pair of words that no reference has. 1: order does not matter to this model.
  double strange = 3;

 private:
  double Cost(const std::string& text) const {
    double cost = 0;
    const std::vector<std::string> words = absl::StrSplit(text, ' ');
    for (size_t i = 0; i + 1 < words.size(); ++i) {
      const std::string pair = words[i] + " " + words[i + 1];
      const bool known = std::any_of(References().at("en").begin(), References().at("en").end(),
                                     [&pair](const ReferenceText& reference) {
                                       return absl::StrContains(reference.text, pair);
                                     });
      cost += known ? 1 : strange;
    }
    return cost;
  }
};

// Embeds by the word that a text has.
class FakeEmbedder : public Embedder {
 public:
  absl::StatusOr<std::vector<std::vector<float>>> Embed(const std::string& /*model*/,
                                                        absl::Span<const std::string> texts,
                                                        const CallContext& /*context*/) override {
    std::vector<std::vector<float>> vectors;
    for (const std::string& text : texts) {
      const bool lift = absl::StrContains(text, "lift");
      vectors.push_back({lift ? 1.0F : 0.0F, lift ? 0.0F : 1.0F});
    }
    return vectors;
  }
};

class SenseTest : public ::testing::Test {
 protected:
  const ReferenceText& lift_ = References().at("en")[0];
  const ReferenceText& tomatoes_ = References().at("en")[1];
  FakeReader model_;
  FakeEmbedder embedder_;
  SenseReader reader_{&model_, &embedder_, {.language_model = "small", .encoder = "minilm"}};

  double Factor(const std::string& name, const std::string& prompt, const std::string& text,
                std::string_view language = "en") {
    const auto factors = reader_.Judge(prompt, text, language, CallContext());
    EXPECT_TRUE(factors.ok()) << factors.status();
    for (const SenseFactor& factor : *factors) {
      if (factor.name == name) return factor.value.value_or(-1);
    }
    ADD_FAILURE() << "no factor " << name;
    return -1;
  }
};

TEST_F(SenseTest, ShufflingKeepsWordsSentencesAndWhiteSpace) {
  const std::string text = "One two three four five six.\n\n- Seven  eight nine ten eleven!";
  const std::string shuffled = ShuffleWords(text, 0);
  EXPECT_NE(shuffled, text);
  EXPECT_EQ(shuffled, ShuffleWords(text, 0));
  EXPECT_NE(shuffled, ShuffleWords(text, 1));
  EXPECT_EQ(shuffled.size(), text.size());
  EXPECT_THAT(Sorted(shuffled.substr(0, shuffled.find('\n'))),
              UnorderedElementsAreArray(Sorted(text.substr(0, text.find('\n')))));
  EXPECT_EQ(ShuffleWords("", 0), "");
  EXPECT_EQ(ShuffleWords("word", 0), "word");
}

TEST_F(SenseTest, PlainTextsHaveFullFactors) {
  for (const char* name : {"topic", "fluency", "coherence"}) {
    EXPECT_NEAR(Factor(name, lift_.prompt, lift_.text), 1, 0.02) << name;
  }
}

TEST_F(SenseTest, WordSaladIsNotFluent) {
  EXPECT_LT(Factor("fluency", lift_.prompt, ShuffleWords(lift_.text, 7)), 0.1);
}

TEST_F(SenseTest, AnotherTopicLowersTheTopicOnly) {
  EXPECT_NEAR(Factor("topic", lift_.prompt, tomatoes_.text), 0.3, 1e-9);
  EXPECT_NEAR(Factor("fluency", lift_.prompt, tomatoes_.text), 1, 0.02);
}

TEST_F(SenseTest, AModelThatDoesNotKnowTheLanguageJudgesNothing) {
  // The order of German words means nothing to this model, and both topics are the same to it.
  const ReferenceText& german = References().at("de")[0];
  for (const char* name : {"topic", "fluency", "coherence"}) {
    EXPECT_EQ(Factor(name, german.prompt, german.text, "de"), -1) << name;
    EXPECT_EQ(Factor(name, lift_.prompt, lift_.text, ""), -1) << name;
  }
  const auto factors = reader_.Judge(german.prompt, german.text, "de", CallContext());
  EXPECT_EQ((*factors)[0].reason, "minilm does not know German");
  EXPECT_EQ((*factors)[1].reason, "small does not know German");
}

TEST_F(SenseTest, ScalesAreMeasuredOncePerLanguage) {
  (void)Factor("fluency", lift_.prompt, lift_.text);
  const int first = model_.jobs;
  (void)Factor("fluency", lift_.prompt, lift_.text);
  // Each text takes two jobs; the first took the two references as well.
  EXPECT_EQ(first, 6);
  EXPECT_EQ(model_.jobs, first + 2);
}

TEST_F(SenseTest, ErrorsNameTheReader) {
  model_.likelihood_error = absl::ResourceExhaustedError("the memory is full");
  const auto factors = reader_.Judge(lift_.prompt, lift_.text, "en", CallContext());
  EXPECT_EQ(factors.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(factors.status().message(), HasSubstr("small"));
}

TEST_F(SenseTest, TheScorersVersionNamesReadersAndRevisions) {
  EXPECT_EQ(AssayScorer({}, &reader_).version(), "4/small+minilm@small-1,minilm-1");
  EXPECT_FALSE(IsFormOnly(AssayScorer({}, &reader_).version()));
  EXPECT_TRUE(IsFormOnly(AssayScorer().version()));
}

TEST_F(SenseTest, TheScoreIsTheFormTimesTheFactors) {
  const AssayScorer form;
  const AssayScorer whole({}, &reader_);
  const std::string salad = ShuffleWords(lift_.text, 7);
  const ScoreInput input = {.content_type = "email",
                            .prompt = lift_.prompt,
                            .text = salad,
                            .finish_reason = "end_of_text"};
  const auto without = form.ScoreText(input);
  const auto with = whole.ScoreText(input);
  ASSERT_TRUE(with.ok()) << with.status();
  double expected = without->overall;
  for (const char* name : {"gate/topic", "gate/fluency", "gate/coherence"}) {
    const auto part = with->parts.find(name);
    if (part != with->parts.end()) expected *= part->second;
  }
  EXPECT_NEAR(with->overall, expected, 1e-9);
  EXPECT_LT(with->overall, 0.4 * whole
                                     .ScoreText({.content_type = "email",
                                                 .prompt = lift_.prompt,
                                                 .text = lift_.text,
                                                 .finish_reason = "end_of_text"})
                                     ->overall);
}

TEST_F(SenseTest, AnUnreadTextIsJudgedByItsFormAndSaysSo) {
  const ReferenceText& german = References().at("de")[0];
  const ScoreInput input = {.content_type = "email",
                            .prompt = german.prompt,
                            .text = german.text,
                            .finish_reason = "end_of_text"};
  const auto score = AssayScorer({}, &reader_).ScoreText(input);
  ASSERT_TRUE(score.ok()) << score.status();
  EXPECT_EQ(score->parts.at("unread"), 1);
  EXPECT_GT(score->overall, 3);
  EXPECT_EQ(score->overall, AssayScorer().ScoreText(input)->overall);
  EXPECT_FALSE(score->parts.contains("engagement"));
  EXPECT_EQ(score->reasons.at("gate/fluency"), "small does not know German");
}

TEST_F(SenseTest, AnAnswerInAnotherLanguageThanThePromptIsLowered) {
  const auto score = AssayScorer().ScoreText({.content_type = "email",
                                              .prompt = lift_.prompt,
                                              .text = References().at("de")[0].text,
                                              .finish_reason = "end_of_text"});
  EXPECT_EQ(score->parts.at("gate/language"), 0.4);
}

}  // namespace
}  // namespace assay::evaluator
