// Tests that manipulating a text without adding content never raises its score.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "evaluator/scoring/assay_scorer.h"

namespace assay::evaluator {
namespace {

constexpr int kTexts = 200;
constexpr double kRounding = 1e-9;

// A business, a prompt for it, and possible sentences of an answer.
struct Theme {
  std::string prompt;
  std::vector<std::string> sentences;
};

const std::vector<Theme>& Themes() {
  static const auto* const kThemes = new std::vector<Theme>{
      {.prompt = "Write for a bakery that wants more orders for Saturday bread: name the deadline, "
                 "the pick-up window and one reason to order ahead.",
       .sentences = {"Saturday bread sells out by 10 a.m. every week.",
                     "Would you rather stand in line or walk past it?",
                     "Order by Thursday at 6 p.m. and your loaf has your name on it.",
                     "We bake 120 loaves a night in an oven that was built in 1987.",
                     "Pick up your bread between 8 and 11 a.m. at the side door.",
                     "Last year we threw 14 % of our bread away, which we could not stand.",
                     "What we learned is that a list on paper works better than a guess.",
                     "You get the bread you asked for, and we know how much flour to buy.",
                     "The rye needs 18 hours, so that nobody can bake it at short notice.",
                     "Reply with the number of loaves, or call us before noon.",
                     "Anna Keller, who runs the counter, has tested the new list for a month.",
                     "It takes one minute, and it is free.",
                     "There is no fee if you cancel until Friday at noon.",
                     "In short, the list is better for everybody who likes warm bread."}},
      {.prompt = "Explain to a backend developer how to add a retry with backoff and jitter to an "
                 "HTTP client: which errors to retry, which never, and how to test it.",
       .sentences = {"A request that failed once may work a moment later.",
                     "Retry only what may pass by itself: timeouts, 429 and 503.",
                     "Never send a payment twice unless the server knows its key.",
                     "Wait 200 ms before the second attempt and double that every time.",
                     "Without jitter, all clients come back in the same second.",
                     "We measured 40 % fewer errors after the change in March.",
                     "Cap the whole at 10 seconds, because nobody waits for longer.",
                     "How do you know that it works?",
                     "In our test a small proxy drops every third answer.",
                     "The log has one line for each attempt, with the reason of the failure.",
                     "Read the header Retry-After where the server sends it.",
                     "The result was a client that survives a restart of the database.",
                     "We recommend five attempts at most.",
                     "Ask your own service first, it is under your control."}},
      {.prompt = "Write a summary for the owner of a furniture maker with 40 employees: why one "
                 "inventory system should replace three spreadsheets, and what that costs.",
       .sentences = {"Three spreadsheets disagree about the stock in the yard.",
                     "Errors of that kind cost 18,000 euros last year.",
                     "The new system costs 9,500 euros in the first year and 4,200 after that.",
                     "It pays for itself within eight months, even if only half of it works.",
                     "Mr Hansen in the warehouse has tried it with 300 parts.",
                     "You can see what is missing before a customer does.",
                     "What would another year of searching cost us?",
                     "The risk lies in the first weeks, when both have to be kept.",
                     "According to two firms of our size, that takes six weeks.",
                     "Please decide by 15 March, so that we can begin in spring.",
                     "The office saves four hours a week, which nobody will miss.",
                     "We will train two people at first, and the others in May.",
                     "Nothing changes for the joiners but the label on the shelf.",
                     "Overall we see more to gain than to lose."}}};
  return *kThemes;
}

// A text as its sentences and the white space or mark before each of them.
struct Text {
  std::vector<std::string> breaks;
  std::vector<std::string> sentences;

  std::string Join() const {
    std::string text;
    for (size_t i = 0; i < sentences.size(); ++i) {
      absl::StrAppend(&text, i == 0 ? "" : breaks[i], sentences[i]);
    }
    return text;
  }
};

std::vector<std::string> Types() {
  std::vector<std::string> types = {"press_release"};
  for (const ContentTypeProfile& profile : BuiltInProfiles()) types.push_back(profile.name);
  return types;
}

const ContentTypeProfile& ProfileOf(const std::string& type) {
  const ContentTypeProfile* profile = FindProfile(BuiltInProfiles(), type);
  return profile == nullptr ? BuiltInProfiles().back() : *profile;
}

double ScoreOf(const std::string& type, const std::string& text, const std::string& prompt) {
  static const auto* const kScorer = new AssayScorer();
  return kScorer
      ->ScoreText(
          {.content_type = type, .prompt = prompt, .text = text, .finish_reason = "end_of_text"})
      ->overall;
}

// Returns different sentences in random order, some in a list, sometimes under headings or in a
// letter.
Text SomeText(const Theme& theme, std::mt19937_64& random) {
  std::vector<std::string> pool = theme.sentences;
  std::shuffle(pool.begin(), pool.end(), random);
  pool.resize(1 + random() % pool.size());
  const bool letter = random() % 4 == 0;
  const bool headings = random() % 4 == 0;
  Text text;
  const auto add = [&text](std::string space, std::string sentence) {
    text.breaks.push_back(std::move(space));
    text.sentences.push_back(std::move(sentence));
  };
  if (letter) add("", "Subject: What is new\n\nHi Anna,\n");
  constexpr std::array<const char*, 6> kBreaks = {" ", " ", " ", "\n", "\n\n", "\n- "};
  for (size_t i = 0; i < pool.size(); ++i) {
    const bool heading = headings && i % 4 == 0;
    std::string space = heading ? absl::StrCat("\n\n## Part ", i, "\n")
                                : std::string(kBreaks[random() % kBreaks.size()]);
    add(std::move(space), pool[i]);
  }
  if (letter) add("\n\n", "Best regards,\nAnna");
  return text;
}

std::vector<std::string> Terms(const std::string& type, std::mt19937_64& random) {
  std::vector<std::string> terms = ProfileOf(type).vocabulary;
  for (const char* word : {"proven", "validated", "tested", "measured", "research", "data"}) {
    terms.emplace_back(word);
  }
  std::shuffle(terms.begin(), terms.end(), random);
  terms.resize(std::min<size_t>(terms.size(), 1 + random() % 12));
  if (random() % 2 == 0) {
    for (std::string& term : terms) term[0] = static_cast<char>(term[0] - 'a' + 'A');
  }
  return terms;
}

class ScoringGamesTest : public ::testing::Test {
 protected:
  using Game = std::function<std::vector<std::string>(const Text&, const std::string& type)>;

  // `play` returns manipulated texts. None may score above the original by more than `bound`.
  void ExpectNoGain(uint64_t seed, double bound, const Game& play) {
    Each(seed, [&](const std::string& type, const Text& text, const std::string& prompt) {
      const double before = ScoreOf(type, text.Join(), prompt);
      for (const std::string& played : play(text, type)) {
        const double gain = ScoreOf(type, played, prompt) - before;
        largest_ = std::max(largest_, gain);
        ASSERT_LE(gain, bound + kRounding) << type << "\n" << text.Join() << "\n-->\n" << played;
      }
    });
  }

  void Each(uint64_t seed, const std::function<void(const std::string& type, const Text& text,
                                                    const std::string& prompt)>& run) {
    random_.seed(seed);
    const std::vector<std::string> types = Types();
    for (int i = 0; i < kTexts && !HasFatalFailure(); ++i) {
      const Theme& theme = Themes()[random_() % Themes().size()];
      const Text text = SomeText(theme, random_);
      for (const std::string& type : types) run(type, text, theme.prompt);
    }
  }

  void TearDown() override { RecordProperty("largest_gain", absl::StrCat(largest_)); }

  std::mt19937_64 random_;
  double largest_ = -10;
};

TEST_F(ScoringGamesTest, PrependedTermListsGainNothing) {
  ExpectNoGain(1, 0, [this](const Text& text, const std::string& type) {
    const std::vector<std::string> terms = Terms(type, random_);
    const std::string whole = text.Join();
    return std::vector<std::string>{
        absl::StrCat(absl::StrJoin(terms, ", "), ". ", whole),
        absl::StrCat(absl::StrJoin(terms, ", "), "\n\n", whole),
        absl::StrCat("Keywords: ", absl::StrJoin(terms, ", "), "\n", whole),
        absl::StrCat(absl::StrJoin(terms, " "), ": ", whole),
        absl::StrCat(absl::StrJoin(terms, " "), " ", whole)};
  });
}

TEST_F(ScoringGamesTest, TermsBeforeFullStopsGainNothing) {
  ExpectNoGain(2, 0, [this](const Text& text, const std::string& type) {
    std::vector<std::string> played;
    for (const size_t each : {1, 2, 4}) {
      for (const char* space : {" ", ", "}) {
        Text stuffed = text;
        const std::vector<std::string> terms = Terms(type, random_);
        size_t next = 0;
        for (std::string& sentence : stuffed.sentences) {
          if (sentence.back() != '.' && sentence.back() != '?') continue;
          const char end = sentence.back();
          sentence.pop_back();
          for (size_t i = 0; i < each; ++i) {
            absl::StrAppend(&sentence, space, terms[next++ % terms.size()]);
          }
          sentence += end;
        }
        played.push_back(stuffed.Join());
      }
    }
    return played;
  });
}

TEST_F(ScoringGamesTest, OneWordBulletsGainNothing) {
  ExpectNoGain(3, 0, [this](const Text& text, const std::string& type) {
    std::vector<std::string> played;
    for (const char* bullet : {"- ", "* ", "1. "}) {
      std::string bullets;
      for (const std::string& term : Terms(type, random_)) {
        absl::StrAppend(&bullets, "\n", bullet, term);
      }
      played.push_back(absl::StrCat(text.Join(), "\n", bullets));
      played.push_back(absl::StrCat(bullets.substr(1), "\n\n", text.Join()));
    }
    // Bullets of the prompt's words and of arbitrary words.
    played.push_back(absl::StrCat(text.Join(), "\n- Bread\n- Deadline\n- Window\n- Reason"));
    played.push_back(absl::StrCat(text.Join(), "\n- Quick\n- Simple\n- Honest"));
    return played;
  });
}

TEST_F(ScoringGamesTest, SentencesMadeOfTermsGainNothing) {
  ExpectNoGain(4, 0, [this](const Text& text, const std::string& type) {
    std::vector<std::string> terms = Terms(type, random_);
    while (terms.size() < 6) terms.push_back(ProfileOf(type).vocabulary[terms.size()]);
    std::vector<std::string> played;
    for (const std::string& sentence :
         {absl::StrCat("Our ", terms[0], " and ", terms[1], " drive ", terms[2], ", ", terms[3],
                       " and ", terms[4], " for every ", terms[5], "."),
          absl::StrCat("With ", terms[0], ", ", terms[1], " and ", terms[2], " comes ", terms[3],
                       "."),
          absl::StrCat("It is all about the ", terms[0], " of the ", terms[1], " and the ",
                       terms[2], " of the ", terms[3], "."),
          absl::StrCat(absl::StrJoin(terms, ". "), ".")}) {
      played.push_back(absl::StrCat(sentence, " ", text.Join()));
      played.push_back(absl::StrCat(text.Join(), "\n\n", sentence));
      Text inside = text;
      inside.sentences[random_() % inside.sentences.size()] += " " + sentence;
      played.push_back(inside.Join());
    }
    return played;
  });
}

TEST_F(ScoringGamesTest, RepeatedSentencesGainNothing) {
  ExpectNoGain(5, 0, [this](const Text& text, const std::string&) {
    std::vector<std::string> played;
    for (const char* space : {" ", "\n", "\n\n- "}) {
      for (int i = 0; i < 4; ++i) {
        const std::string& again = text.sentences[random_() % text.sentences.size()];
        if (again.find('\n') != std::string::npos) continue;
        Text twice = text;
        const size_t at = random_() % (twice.sentences.size() + 1);
        twice.sentences.insert(twice.sentences.begin() + static_cast<ptrdiff_t>(at), again);
        twice.breaks.insert(twice.breaks.begin() + static_cast<ptrdiff_t>(at), space);
        // After a line without a full stop it would become part of that line's sentence.
        if (at > 0 && twice.sentences[at - 1].find('\n') != std::string::npos) {
          twice.breaks[at] = "\n";
        }
        // The rest of its line would become part of the list.
        if (at == 0 || (at + 1 < twice.breaks.size() && twice.breaks[at + 1] == " ")) {
          twice.breaks[at + 1] = "\n";
        }
        played.push_back(twice.Join());
      }
    }
    return played;
  });
}

TEST_F(ScoringGamesTest, ALineFeedBetweenSentencesEqualsABlank) {
  Each(6, [&](const std::string& type, const Text& text, const std::string& prompt) {
    const double before = ScoreOf(type, text.Join(), prompt);
    for (const char* space : {"\n", "\n\n", "  \n"}) {
      for (const unsigned share : {1U, 2U}) {
        Text broken = text;
        for (std::string& one : broken.breaks) {
          if (one == " " && random_() % share == 0) one = space;
        }
        ASSERT_NEAR(ScoreOf(type, broken.Join(), prompt), before, kRounding)
            << type << "\n"
            << text.Join() << "\n-->\n"
            << broken.Join();
      }
    }
  });
}

TEST_F(ScoringGamesTest, WrappedLinesAreJoined) {
  Each(7, [&](const std::string& type, const Text& text, const std::string& prompt) {
    Text wrapped = text;
    for (std::string& sentence : wrapped.sentences) {
      for (size_t i = 20; i + 1 < sentence.size(); ++i) {
        if (sentence[i] != ' ' || sentence[i + 1] < 'a' || sentence[i + 1] > 'z') continue;
        sentence[i] = '\n';
        break;
      }
    }
    ASSERT_NEAR(ScoreOf(type, wrapped.Join(), prompt), ScoreOf(type, text.Join(), prompt),
                kRounding)
        << type << "\n"
        << text.Join() << "\n-->\n"
        << wrapped.Join();
  });
}

// Combines three manipulations.
TEST_F(ScoringGamesTest, CombinedManipulationsGainNothing) {
  ExpectNoGain(8, 0, [this](const Text& text, const std::string& type) {
    const std::vector<std::string> terms = Terms(type, random_);
    std::string played = absl::StrCat(absl::StrJoin(terms, ", "), ".\n");
    for (size_t i = 0; i < text.sentences.size(); ++i) {
      absl::StrAppend(&played, i == 0 ? "" : text.breaks[i], text.sentences[i]);
      if (random_() % 3 == 0 && text.sentences[i].find('\n') == std::string::npos) {
        absl::StrAppend(&played, " ", text.sentences[i]);
      }
    }
    for (const std::string& term : terms) absl::StrAppend(&played, "\n- ", term);
    return std::vector<std::string>{played};
  });
}

// Content does raise the score: the bounds above are not those of a constant scorer.
TEST_F(ScoringGamesTest, MoreContentRaisesTheScore) {
  for (const std::string& type : Types()) {
    for (const Theme& theme : Themes()) {
      if (type == "twitter") continue;
      std::string little = absl::StrCat(theme.sentences[0], " ", theme.sentences[1]);
      EXPECT_GT(ScoreOf(type, absl::StrJoin(theme.sentences, " "), theme.prompt),
                ScoreOf(type, little, theme.prompt) + 0.5)
          << type;
    }
  }
}

}  // namespace
}  // namespace assay::evaluator
