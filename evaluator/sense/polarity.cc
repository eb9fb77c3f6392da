// Implementation of the search for inverted statements, with the negations of each language.
#include "evaluator/sense/polarity.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "base/utf8.h"
#include "evaluator/sense/language.h"

namespace assay::evaluator {
namespace {

constexpr size_t kMaxPromptClauses = 200;
constexpr size_t kMaxTextClauses = 1000;
constexpr size_t kMinContentWords = 3;
constexpr double kMinOfPrompt = 0.75;
constexpr double kMinOfText = 0.5;
constexpr size_t kStemCharacters = 5;
constexpr size_t kMinWordBytes = 3;

struct Negations {
  std::string_view code;
  std::string_view negations;
  // Words that cancel a negation before them ("not only").
  std::string_view only;
};

constexpr std::array<Negations, 7> kNegations = {{
    {"en", "cannot neither never no nobody none nor not nothing without", "just only"},
    {"de", "kein keine keinem keinen keiner keines nicht nichts nie niemals niemand ohne",
     "bloß nur"},
    {"es", "jamás nada nadie ni ningún ninguna ninguno no nunca sin tampoco",
     "solamente solo sólo únicamente"},
    // "Ne ... que" is "only".
    {"fr", "aucun aucune jamais n ne ni pas rien sans", "qu que seulement uniquement"},
    {"it", "mai nessun nessuna nessuno niente non nulla né senza", "solamente solo soltanto"},
    {"nl", "geen niemand niet niets nooit zonder", "alleen enkel slechts"},
    {"pt", "jamais nada nem nenhum nenhuma ninguém nunca não sem", "apenas somente só"},
}};

bool IsIn(std::string_view list, std::string_view word) {
  for (const absl::string_view entry :
       absl::StrSplit(absl::string_view(list.data(), list.size()), ' ')) {
    if (word == std::string_view(entry.data(), entry.size())) return true;
  }
  return false;
}

const Negations* NegationsOf(std::string_view code) {
  for (const Negations& negations : kNegations) {
    if (negations.code == code) return &negations;
  }
  return nullptr;
}

// Returns the part before the character that follows the first `characters`.
std::string_view Stem(std::string_view word) {
  std::string_view rest = word;
  for (size_t i = 0; i < kStemCharacters && !rest.empty(); ++i) {
    rest.remove_prefix(NextUtf8(rest).bytes);
  }
  return word.substr(0, word.size() - rest.size());
}

struct Clause {
  std::string words;
  bool negated = false;
  std::set<std::string> content;
};

class ClauseReader {
 public:
  explicit ClauseReader(const Negations& negations) : negations_(negations) {}

  // Returns the clauses that make a statement, at most `limit`.
  std::vector<Clause> Read(std::string_view text, size_t limit) const {
    std::vector<Clause> clauses;
    size_t sentence = 0;
    size_t begin = 0;
    for (size_t i = 0; i <= text.size() && clauses.size() < limit; ++i) {
      const char c = i < text.size() ? text[i] : '\n';
      if (!IsEnd(text, i, c)) continue;
      Clause clause = ReadClause(text.substr(begin, i - begin));
      begin = i + 1;
      if (clause.content.size() >= kMinContentWords) clauses.push_back(std::move(clause));
      if (c == '?') clauses.resize(std::min(sentence, clauses.size()));
      if (c == '?' || c == '.' || c == '!' || c == '\n') sentence = clauses.size();
    }
    return clauses;
  }

 private:
  static bool IsEnd(std::string_view text, size_t i, char c) {
    if (std::string_view(".!?;:,()\n").find(c) == std::string_view::npos) return false;
    // A mark within a number or a name.
    return i + 1 >= text.size() || c == '\n' ||
           !absl::ascii_isalnum(static_cast<unsigned char>(text[i + 1]));
  }

  bool IsNegation(const std::vector<std::string>& words, size_t i) const {
    // The second half of "don't", "can't".
    const bool short_not =
        negations_.code == kEnglishCode && words[i] == "t" && i > 0 && words[i - 1].ends_with('n');
    return short_not || IsIn(negations_.negations, words[i]);
  }

  Clause ReadClause(std::string_view text) const {
    const std::vector<std::string> words = PlainWords(text);
    Clause clause{.words = std::string(
                      absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size())))};
    const bool only = std::any_of(words.begin(), words.end(), [this](const std::string& word) {
      return IsIn(negations_.only, word);
    });
    for (size_t i = 0; i < words.size(); ++i) {
      if (IsNegation(words, i)) {
        clause.negated = clause.negated || !only;
      } else if (words[i].size() >= kMinWordBytes &&
                 !absl::ascii_isdigit(static_cast<unsigned char>(words[i].front())) &&
                 FunctionWordShare(words[i], negations_.code) == 0) {
        clause.content.insert(std::string(Stem(words[i])));
      }
    }
    return clause;
  }

  const Negations& negations_;
};

bool SaysTheSameThing(const Clause& prompt, const Clause& text) {
  std::vector<std::string> common;
  std::set_intersection(prompt.content.begin(), prompt.content.end(), text.content.begin(),
                        text.content.end(), std::back_inserter(common));
  const auto shared = static_cast<double>(common.size());
  return shared >= kMinOfPrompt * static_cast<double>(prompt.content.size()) &&
         shared >= kMinOfText * static_cast<double>(text.content.size());
}

}  // namespace

std::vector<InvertedStatement> FindInvertedStatements(std::string_view prompt,
                                                      std::string_view text) {
  const LanguageGuess language = DetectLanguage(prompt);
  const Negations* const negations = NegationsOf(language.code);
  if (negations == nullptr || DetectLanguage(text).code != language.code) return {};
  const ClauseReader reader(*negations);
  const std::vector<Clause> given = reader.Read(prompt, kMaxPromptClauses);
  const std::vector<Clause> found = reader.Read(text, kMaxTextClauses);
  std::vector<InvertedStatement> inverted;
  for (const Clause& statement : given) {
    const Clause* opposite = nullptr;
    bool kept = false;
    for (const Clause& candidate : found) {
      if (!SaysTheSameThing(statement, candidate)) continue;
      if (candidate.negated != statement.negated) opposite = &candidate;
      kept = kept || candidate.negated == statement.negated;
    }
    if (opposite == nullptr || kept) continue;
    inverted.push_back({.prompt = statement.words, .text = opposite->words});
  }
  return inverted;
}

}  // namespace assay::evaluator
