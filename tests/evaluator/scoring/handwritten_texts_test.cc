// Handwritten answers to three built-in prompts must score in the order in which a reader ranks
// them. docs/explanation/scoring.md lists their scores.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "evaluator/plan/prompt_set.h"
#include "evaluator/scoring/assay_scorer.h"

namespace assay::evaluator {
namespace {

struct Written {
  std::string name;
  std::string text;
  std::string finish = "end_of_text";
};

double ScoreOf(const std::string& prompt_id, const Written& written) {
  const std::vector<EvaluationPrompt>& prompts = BuiltInPrompts();
  const auto prompt =
      std::find_if(prompts.begin(), prompts.end(),
                   [&prompt_id](const EvaluationPrompt& p) { return p.id == prompt_id; });
  const double score = AssayScorer()
                           .ScoreText({.content_type = prompt->content_type,
                                       .prompt = prompt->prompt,
                                       .text = written.text,
                                       .finish_reason = written.finish})
                           ->overall;
  std::printf("%s %s %.1f\n", prompt_id.c_str(), written.name.c_str(), score);
  return score;
}

// Expects that each of `order` scores above the next.
void ExpectOrder(const std::string& prompt_id, const std::vector<Written>& order) {
  double before = 10;
  for (const Written& written : order) {
    const double score = ScoreOf(prompt_id, written);
    EXPECT_LT(score, before + 1e-9) << prompt_id << " " << written.name;
    before = score;
  }
}

std::string Repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) absl::StrAppend(&all, text, " ");
  return all;
}

constexpr char kTweet[] =
    "Saturday bread gone by 10? Not yours. Order by Thursday 6 p.m. and pick it up between 8 and "
    "11 a.m. We bake 120 loaves a night: what is ordered waits for you, what is not is gone. Reply "
    "with your loaf, it is free.";

TEST(HandwrittenTextsTest, TweetsScoreInAReadersOrder) {
  ExpectOrder(
      "twitter-3",
      {{"excellent", kTweet},
       {"plain",
        "Order your Saturday bread by Thursday at 6 p.m. and pick it up between 8 and 11 a.m. If "
        "you order ahead, your loaf is there even when the shelf is empty."},
       {"vague",
        "Our bread is really great and everybody loves it. Come and see us soon, we are "
        "always happy to see you!"},
       {"off topic",
        "We moved our servers to a new data centre at night. Nobody noticed, and that was the "
        "plan."},
       {"keywords",
        "Strategy, growth, audience, customers, community, content, brand, campaign, "
        "launch, feedback, newsletter, readers, story, workflow."}});
  EXPECT_GT(ScoreOf("twitter-3", {"excellent", kTweet}),
            ScoreOf("twitter-3", {"hashtags", absl::StrCat(kTweet,
                                                           " #bread #bakery #saturday "
                                                           "#yum #local")}) +
                0.3);
  const std::string cut = std::string(kTweet).substr(0, 120);
  EXPECT_GT(ScoreOf("twitter-3", {"excellent", kTweet}),
            ScoreOf("twitter-3", {"cut", cut, "length"}) + 0.5);
}

constexpr char kEmail[] =
    "Subject: Saturday course on 7 November now begins at 2 p.m.\n\n"
    "Dear potters,\n\n"
    "Our kiln has to be repaired, so the Saturday course on 7 November moves from 10 a.m. to 2 "
    "p.m. Your place stays reserved; you need not do anything if the new time suits you. We end at "
    "5 p.m. instead of 1 p.m., and the clay will be ready on the tables.\n\n"
    "If you cannot come, reply until Wednesday and you get the 35 euros back within three days. We "
    "are sorry for the short notice: the crack in the kiln's door was found only yesterday, "
    "because it opens when it is hot.\n\n"
    "Please tell us in one line whether you will be there.\n\n"
    "Best regards,\nIda Brandt";

TEST(HandwrittenTextsTest, EmailsScoreInAReadersOrder) {
  ExpectOrder(
      "email-3",
      {{"excellent", kEmail},
       {"thin", "Subject: Course\n\nHi all,\n\nthe course moves. See you then.\n\nBest,\nIda"},
       {"loop", Repeated("The course moves to the afternoon because of the kiln.", 20)}});
  std::string blank = kEmail;
  blank.replace(blank.find("Ida Brandt"), std::string("Ida Brandt").size(), "[Your Name]");
  EXPECT_LT(ScoreOf("email-3", {"placeholders", blank}),
            ScoreOf("email-3", {"excellent", kEmail}) - 2);
  EXPECT_LT(ScoreOf("email-3", {"loop", Repeated("The course moves because of the kiln.", 20)}),
            1.5);
}

constexpr char kTechnical[] =
    "## What to retry\n\n"
    "A retry helps only where the same call may work a moment later. Three rules have served us "
    "well in production:\n\n"
    "- Retry timeouts, refused connections and the answers 429, 502 and 503.\n"
    "- Never retry other answers from 400 to 499: the mistake is in the request itself.\n"
    "- Never send a POST twice unless the server knows an idempotency key.\n\n"
    "## How long to wait\n\n"
    "Begin with 200 ms and double the wait each time, up to 5 seconds. Then draw the real wait at "
    "random between zero and that value. This jitter matters more than the exact numbers: without "
    "it, a thousand clients that failed together come back together, and the backend goes down a "
    "second time. Where the server sends `Retry-After`, obey it instead.\n\n"
    "## How to cap it\n\n"
    "Give the whole call a deadline, for example 10 seconds, and check before each wait whether "
    "the next attempt still fits. A cap on attempts alone is not enough, because five slow "
    "attempts take longer than ten fast ones. We measured that at most five attempts were worth "
    "it: of 2,000 failed calls, 91 % worked by the third.\n\n"
    "## How to test it\n\n"
    "Put the clock and the random numbers behind an interface. In the test the clock jumps, so "
    "that "
    "a minute of waiting takes no time, and a fake server answers 503 twice and 200 after that. "
    "Check three things: the number of requests, the sum of the waits, and that a 404 is never "
    "asked for again.\n\n"
    "In short, retry little, wait at random, and stop in time. What does your client do after the "
    "fifth failure?";

TEST(HandwrittenTextsTest, TechnicalTextsScoreInAReadersOrder) {
  ExpectOrder(
      "technical-2",
      {{"excellent", kTechnical},
       {"prose",
        "If a call fails you can try it again. First wait a little, then wait longer, and so on "
        "until it works or until you have had enough. Errors on the side of the server can be "
        "tried "
        "again, errors on your own side cannot. It is also good to wait for a random time, so that "
        "not all clients come back at once. In a test you can let the server fail on purpose."},
       {"off topic",
        "Our office moved to the second floor last week. The desks are new, the light is better, "
        "and the coffee is as it was. Two rooms are still empty, and we will paint them in May. "
        "Whoever wants a plant may take one from the hall, there are nine of them."},
       {"keywords",
        "latency cache server database memory throughput request timeout retry backup restore "
        "migration index query deploy test benchmark algorithm error storage bandwidth"}});
}

}  // namespace
}  // namespace assay::evaluator
