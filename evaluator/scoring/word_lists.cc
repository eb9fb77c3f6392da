// The word lists. All of them are our own work.
#include "evaluator/scoring/word_lists.h"

#include <algorithm>
#include <array>

namespace assay::evaluator {
namespace {

// Sorted for binary search.
constexpr auto kFunctionWords = std::to_array<std::string_view>(
    {"a",       "about",   "above",   "after",    "again",   "against", "all",    "almost",
     "along",   "already", "also",    "although", "always",  "am",      "among",  "an",
     "and",     "another", "any",     "are",      "around",  "as",      "at",     "away",
     "back",    "be",      "because", "been",     "before",  "being",   "below",  "between",
     "both",    "but",     "by",      "can",      "cannot",  "could",   "did",    "do",
     "does",    "doing",   "don't",   "done",     "down",    "during",  "each",   "either",
     "else",    "enough",  "even",    "ever",     "every",   "few",     "for",    "from",
     "get",     "had",     "has",     "have",     "having",  "he",      "her",    "here",
     "hers",    "him",     "his",     "how",      "however", "i",       "i'm",    "i've",
     "if",      "in",      "instead", "into",     "is",      "isn't",   "it",     "it's",
     "its",     "just",    "less",    "let",      "like",    "made",    "make",   "many",
     "may",     "me",      "might",   "more",     "most",    "much",    "must",   "my",
     "need",    "never",   "no",      "nor",      "not",     "now",     "of",     "off",
     "on",      "once",    "one",     "only",     "onto",    "or",      "other",  "our",
     "ours",    "out",     "over",    "own",      "per",     "rather",  "same",   "she",
     "should",  "since",   "so",      "some",     "still",   "such",    "than",   "that",
     "that's",  "the",     "their",   "them",     "then",    "there",   "these",  "they",
     "this",    "those",   "though",  "through",  "to",      "too",     "toward", "two",
     "under",   "until",   "up",      "upon",     "us",      "very",    "via",    "was",
     "we",      "we're",   "we've",   "well",     "were",    "what",    "when",   "where",
     "whether", "which",   "while",   "who",      "whose",   "why",     "will",   "with",
     "within",  "without", "would",   "yet",      "you",     "you're",  "your",   "yours"});
static_assert(std::is_sorted(kFunctionWords.begin(), kFunctionWords.end()));

// Sorted for binary search.
constexpr auto kInstructionWords = std::to_array<std::string_view>(
    {"answer",   "article", "blog",    "brief",      "characters", "compare",  "concrete",
     "describe", "draft",   "e",       "email",      "explain",    "friendly", "give",
     "hashtags", "honest",  "include", "least",      "length",     "linkedin", "mail",
     "mention",  "name",    "page",    "paragraphs", "piece",      "plain",    "please",
     "post",     "prompt",  "say",     "section",    "short",      "start",    "subject",
     "summary",  "tell",    "text",    "tone",       "treat",      "tweet",    "use",
     "word",     "words",   "write"});
static_assert(std::is_sorted(kInstructionWords.begin(), kInstructionWords.end()));

// Sorted for binary search.
constexpr auto kUnits = std::to_array<std::string_view>(
    {"am",     "bytes",   "cents",  "day",    "days", "dollars", "euro",  "euros",  "gb",
     "gib",    "hour",    "hours",  "kb",     "kg",   "kib",     "km",    "mb",     "mib",
     "minute", "minutes", "month",  "months", "ms",   "percent", "pm",    "pounds", "seconds",
     "tb",     "times",   "tokens", "usd",    "utc",  "week",    "weeks", "year",   "years"});
static_assert(std::is_sorted(kUnits.begin(), kUnits.end()));

constexpr auto kInsight = std::to_array<std::string_view>(
    {"we learned", "i learned",  "learned that", "what we learned",  "lesson",
     "lessons",    "mistake",    "turned out",   "turns out",        "surprised",
     "we found",   "i found",    "we noticed",   "the reason",       "that is why",
     "that's why", "because",    "insight",      "in practice",      "realised",
     "realized",   "the result", "the catch",    "it works because", "we used to",
     "myth"});
constexpr auto kValue = std::to_array<std::string_view>(
    {"so that you", "you get",  "you can", "you will",   "you'll",   "helps you",
     "saves",       "save you", "saved",   "for free",   "free",     "without",
     "less time",   "faster",   "cheaper", "instead of", "cut",      "cuts",
     "reduced",     "reduces",  "no more", "benefit",    "benefits", "worth"});
constexpr auto kAuthority = std::to_array<std::string_view>(
    {"proven",    "implemented", "validated",    "tested",         "measured",   "verified",
     "benchmark", "benchmarks",  "according to", "evidence",       "data",       "study",
     "studies",   "research",    "results",      "in production",  "case study", "certified",
     "audited",   "documented",  "years of",     "our experience", "in our",     "we measured",
     "we tested", "we found",    "experiment",   "compared with",  "compared to"});
constexpr auto kActions = std::to_array<std::string_view>(
    {"book",         "call",        "reply",       "comment",   "share",   "download", "try",
     "join",         "order",       "sign up",     "subscribe", "contact", "visit",    "register",
     "learn more",   "let us know", "let me know", "let us",    "tell us", "tell me",  "read",
     "get in touch", "get your",    "get the",     "click",     "send",    "write to", "write us",
     "email",        "check",       "see",         "follow",    "start",   "ask",      "request",
     "please",       "choose",      "confirm",     "pre order", "grab",    "dm",       "message",
     "drop",         "schedule",    "reserve"});
constexpr auto kOffer = std::to_array<std::string_view>(
    {"free", "for free", "offer", "discount", "no obligation", "no cost", "trial", "guarantee",
     "package", "review", "checklist", "template", "save", "included", "bonus", "at no charge"});
constexpr auto kDeadline = std::to_array<std::string_view>(
    {"today",      "tomorrow",     "this week",    "next week", "by the end of", "by monday",
     "by tuesday", "by wednesday", "by thursday",  "by friday", "by saturday",   "by sunday",
     "until",      "deadline",     "from january", "before",    "only until",    "this month",
     "by noon",    "limited",      "closes"});
constexpr auto kContact = std::to_array<std::string_view>(
    {"link",     "in the comments", "reply",        "message", "call us",  "call me", "phone",
     "email us", "book a",          "website",      "form",    "calendar", "dm",      "write to us",
     "write us", "in bio",          "get in touch", "contact", "visit us", "pick up"});
constexpr auto kConclusion = std::to_array<std::string_view>(
    {"in short",       "in summary",  "to sum up",    "the lesson", "recommend", "recommendation",
     "we recommend",   "conclusion",  "next step",    "next steps", "takeaway",  "the result",
     "what remains",   "from now on", "next quarter", "so if you",  "the rule",  "overall",
     "open questions", "we will",     "lesson"});
constexpr auto kStale = std::to_array<std::string_view>({"as an ai",
                                                         "sure",
                                                         "certainly",
                                                         "of course",
                                                         "here is",
                                                         "here's a",
                                                         "here is a",
                                                         "in today's",
                                                         "in the world of",
                                                         "in the fast paced",
                                                         "i am excited",
                                                         "i'm excited",
                                                         "we are excited",
                                                         "we're excited",
                                                         "i am thrilled",
                                                         "i'm thrilled",
                                                         "we are thrilled",
                                                         "absolutely",
                                                         "as a language model",
                                                         "i hope this"});
constexpr auto kContrast = std::to_array<std::string_view>(
    {"you",     "your",   "but",   "not",  "never", "stop", "without", "instead",
     "mistake", "lesson", "myth",  "why",  "how",   "no",   "lost",    "cut",
     "free",    "new",    "wrong", "less", "fewer", "only", "sorry",   "we"});
constexpr auto kGreetings = std::to_array<std::string_view>(
    {"dear", "hi", "hello", "good morning", "good afternoon", "good evening", "hey"});
constexpr auto kSignOffs = std::to_array<std::string_view>(
    {"best regards", "kind regards", "warm regards", "regards", "best wishes", "best", "sincerely",
     "yours sincerely", "yours faithfully", "yours truly", "thanks", "many thanks", "thank you",
     "cheers", "with best wishes", "all the best", "warmly", "with kind regards", "talk soon"});

bool Contains(std::span<const std::string_view> sorted, std::string_view word) {
  return std::binary_search(sorted.begin(), sorted.end(), word);
}

// An ending, the minimum length of a word from which it is removed, and its replacement.
struct Ending {
  std::string_view ending;
  size_t min_size;
  std::string_view replacement;
};

constexpr auto kEndings = std::to_array<Ending>({{"'s", 3, ""},
                                                 {"sses", 5, "ss"},
                                                 {"ies", 5, "y"},
                                                 {"ing", 6, ""},
                                                 {"ed", 5, ""},
                                                 {"ss", 3, "ss"},
                                                 {"us", 3, "us"},
                                                 {"is", 3, "is"},
                                                 {"s", 4, ""}});

}  // namespace

bool IsFunctionWord(std::string_view word) { return Contains(kFunctionWords, word); }
bool IsInstructionWord(std::string_view word) { return Contains(kInstructionWords, word); }
bool IsUnit(std::string_view word) { return Contains(kUnits, word); }

std::string Stem(std::string_view word) {
  constexpr size_t kMinSizeForE = 5;
  std::string stem(word);
  for (const Ending& ending : kEndings) {
    if (word.size() < ending.min_size || !word.ends_with(ending.ending)) continue;
    stem = std::string(word.substr(0, word.size() - ending.ending.size()));
    stem += ending.replacement;
    break;
  }
  if (stem.size() >= kMinSizeForE && stem.back() == 'e') stem.pop_back();
  return stem;
}

Phrases InsightPhrases() { return kInsight; }
Phrases ValuePhrases() { return kValue; }
Phrases AuthorityPhrases() { return kAuthority; }
Phrases ActionVerbs() { return kActions; }
Phrases OfferPhrases() { return kOffer; }
Phrases DeadlinePhrases() { return kDeadline; }
Phrases ContactPhrases() { return kContact; }
Phrases ConclusionPhrases() { return kConclusion; }
Phrases StalePhrases() { return kStale; }
Phrases ContrastWords() { return kContrast; }
Phrases Greetings() { return kGreetings; }
Phrases SignOffs() { return kSignOffs; }

}  // namespace assay::evaluator
