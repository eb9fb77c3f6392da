// assay rate and assay ratings, against a scripted server.
#include <set>
#include <sstream>
#include <string>

#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/commands/fake_daemon.h"
#include "tests/temp_folder.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;

using ::testing::SizeIs;

class RateCommandTest : public ::testing::Test {
 protected:
  RateCommandTest() {
    for (const std::string prompt : {"p1", "p2", "p3"}) {
      for (const std::string side : {"x", "y"}) {
        v1::RatingItem item;
        item.set_sample(prompt + side);
        item.set_prompt_id(prompt);
        item.set_content_type("email");
        item.set_prompt("Write " + prompt);
        item.set_text("Text " + prompt + side);
        daemon_.ratings.items.push_back(item);
      }
    }
  }

  CliResult Rate(const std::string& input, std::vector<std::string> words = {}) {
    words.insert(words.begin(), {"rate", "ev-1", "--rater", "ann", "--seed", "3"});
    return daemon_.Run(words, {.in = input});
  }

  const TempFolder folder_;
  FakeDaemon daemon_;
};

TEST_F(RateCommandTest, StoresEveryAnswerAtOnceAndNeverAsksTwice) {
  const CliResult first = Rate("7\nnonsense\n3.5\ns\nq\n");
  EXPECT_EQ(first.code, kExitOk) << first.err;
  EXPECT_THAT(daemon_.ratings.stored, SizeIs(2));
  EXPECT_EQ(daemon_.ratings.stored[0].score(), 7);
  EXPECT_EQ(daemon_.ratings.stored[0].rater(), "ann");
  EXPECT_THAT(first.err, HasSubstr("'nonsense' is no answer"));
  EXPECT_THAT(first.err, HasSubstr("2 rated by ann, 4 left"));
  const CliResult second = Rate("1\n1\n1\n1\n1\n1\n");
  EXPECT_THAT(second.err, HasSubstr("4 rated by ann, 0 left"));
  std::set<std::string> samples;
  for (const v1::Rating& rating : daemon_.ratings.stored) samples.insert(rating.sample());
  EXPECT_THAT(daemon_.ratings.stored, SizeIs(6));
  EXPECT_THAT(samples, SizeIs(6));
}

TEST_F(RateCommandTest, PairsAreOfOnePromptAndTheEndOfTheInputStops) {
  const CliResult result = Rate("a\nb\n", {"--pairwise"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  ASSERT_THAT(daemon_.ratings.stored, SizeIs(2));
  for (const v1::Rating& rating : daemon_.ratings.stored) {
    EXPECT_EQ(rating.sample().substr(0, 2), rating.other_sample().substr(0, 2));
    EXPECT_NE(rating.sample(), rating.other_sample());
  }
  EXPECT_EQ(daemon_.ratings.stored[0].preference(), v1::PREFERENCE_SAMPLE);
  EXPECT_EQ(daemon_.ratings.stored[1].preference(), v1::PREFERENCE_OTHER);
  EXPECT_THAT(Rate("t\n", {"--pairwise"}).err, HasSubstr("1 rated by ann, 0 left"));
  EXPECT_EQ(daemon_.ratings.stored[2].preference(), v1::PREFERENCE_TIE);
}

TEST_F(RateCommandTest, TheSeedSetsTheOrderAndLimitTheNumber) {
  EXPECT_EQ(Rate("q\n").out, Rate("q\n").out);
  const CliResult limited = Rate("1\n1\n1\n", {"--limit", "2"});
  EXPECT_THAT(limited.err, HasSubstr("2 rated by ann, 4 left"));
}

TEST_F(RateCommandTest, RatingsSurviveExportAndImport) {
  Rate("7\n2.5\nq\n");
  Rate("a\nt\n", {"--pairwise"});
  const std::vector<v1::Rating> before = daemon_.ratings.stored;
  for (const std::string extension : {"csv", "jsonl"}) {
    const std::string path = folder_ / ("ratings." + extension);
    EXPECT_EQ(daemon_.Run({"ratings", "export", "ev-1", path}).code, kExitOk);
    daemon_.ratings.stored.clear();
    const CliResult imported = daemon_.Run({"ratings", "import", "ev-1", path});
    EXPECT_EQ(imported.code, kExitOk) << imported.err;
    ASSERT_THAT(daemon_.ratings.stored, SizeIs(before.size()));
    for (size_t i = 0; i < before.size(); ++i) {
      EXPECT_EQ(daemon_.ratings.stored[i].sample(), before[i].sample());
      EXPECT_EQ(daemon_.ratings.stored[i].other_sample(), before[i].other_sample());
      EXPECT_EQ(daemon_.ratings.stored[i].score(), before[i].score());
      EXPECT_EQ(daemon_.ratings.stored[i].preference(), before[i].preference());
    }
  }
}

TEST_F(RateCommandTest, ImportErrorsNameLineAndField) {
  struct Case {
    std::string name;
    std::string text;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"a.jsonl", "{\"rater\":\"ann\",\"sample\":\"p1x\",\"score\":7}\n{\"rater\":\"ann\"}\n",
       "a.jsonl:2: \"sample\" must be a string"},
      {"b.jsonl", "{\"rater\":\"ann\",\"sample\":\"p9\",\"score\":7}\n",
       "b.jsonl:1: \"sample\" is 'p9', which is no sample"},
      {"c.jsonl", "{\"rater\":\"ann\",\"sample\":\"p1x\",\"score\":11}\n",
       "c.jsonl:1: \"score\" is 11; it must be a number from 0 to 10"},
      {"d.jsonl", "{\"rater\":\"ann\",\"sample\":\"p1x\",\"points\":1}\n",
       "d.jsonl:1: \"points\" is unknown"},
      {"e.csv", "rater,sample,other_sample,preference\nann,p1x,p1y,better\n",
       "e.csv: row 1: \"preference\" is 'better'; it must be sample, other or tie"},
      {"f.csv", "rater,sample,score\nann,p1x\n",
       "f.csv: row 1: has 2 fields, but there are 3 columns"},
      {"g.csv", "rater,sample,score\n\"ann,p1x,3\n",
       "g.csv: row 1: has 1 field, but there are 3 columns; a quote is not closed"},
      {"h.csv", "rater,sample,score,rated_at\nann,p1x,3,yesterday\n",
       "h.csv: row 1: \"rated_at\" is 'yesterday'"},
      {"i.csv", "rater,sample,score\n", "i.csv: has no ratings"}};
  for (const Case& c : cases) {
    const CliResult result =
        daemon_.Run({"ratings", "import", "ev-1", folder_.Write(c.name, c.text)});
    EXPECT_EQ(result.code, kExitUsage);
    EXPECT_THAT(result.err, HasSubstr(c.message));
  }
  EXPECT_THAT(daemon_.ratings.stored, SizeIs(0));
}

TEST_F(RateCommandTest, SummaryBeginsWithTheSentence) {
  EXPECT_EQ(daemon_.Run({"ratings", "summary", "ev-1"}).out, "there are no ratings\n");
  v1::RaterAgreement* agreement = daemon_.ratings.summary.add_agreements();
  agreement->set_kind("scale");
  agreement->set_raters(2);
  agreement->mutable_alpha()->set_value(0.815);
  v1::ScoreCalibration* calibration = daemon_.ratings.summary.add_calibrations();
  calibration->set_sentence("on email the score orders pairs as people do in 78 % of 41 pairs");
  const CliResult result = daemon_.Run({"ratings", "summary", "ev-1"});
  EXPECT_EQ(result.out.find("on email the score"), 0U);
  EXPECT_THAT(result.out, HasSubstr("0.81"));
}

}  // namespace
}  // namespace assay::client
