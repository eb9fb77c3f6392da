// Implementation of language detection, with the lists of function words.
#include "evaluator/sense/language.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_split.h"
#include "base/utf8.h"

namespace assay::evaluator {
namespace {

constexpr uint32_t kNoCharacter = 0xFFFD;
constexpr double kMinShare = 0.15;
// Noise of single letters has function words of one letter in every language.
constexpr size_t kMinLongWords = 3;
// The second language has at most this fraction of the words of the first.
constexpr double kMaxSecond = 0.8;

struct Language {
  std::string_view code;
  std::string_view name;
  std::string_view function_words;
};

// The most frequent articles, pronouns, prepositions, conjunctions and auxiliary verbs.
constexpr std::array<Language, 7> kLanguages = {{
    {"en", "English",
     "a about after all also an and any are as at be because been before but by can could did do "
     "does each for from had has have he her his how i if in into is it its just may more most my "
     "no not now of on one only or other our out over she should so some such than that the their "
     "them then there these they this those through to under until up us was we were what when "
     "where which while who why will with would you your"},
    {"de", "German",
     "ab aber als am an auch auf aus bei bin bis da damit dann das dass dem den der des die dies "
     "diese dieser doch du durch ein eine einem einen einer eines er es für gibt haben hat ich ihr "
     "ihre ihren im in ist ja jede jeden jeder kann kein keine man mehr mein mit nach nicht noch "
     "nur ob oder ohne sein sich sie sind so um und uns unser unsere unserem unseren unter vom von "
     "vor war was weil wenn werden wie wir wird wo zu zum zur über"},
    {"es", "Spanish",
     "a al algo antes aunque como con cual cuando cuándo cómo de del desde donde dos e el ella "
     "ellos en entre "
     "era es esa ese esta este esto está están fue ha hasta hay la las le les lo los mi muy más ni "
     "no nos nuestra nuestro o para pero por porque que qué se ser si sin sobre son su sus sí "
     "también te tiene todo tu un una uno y ya yo"},
    {"fr", "French",
     "a au aussi aux avec c ce ces cette chaque comme d dans de des donc du elle en est et eux il "
     "ils j je l la le les leur leurs lui l mais me mes moins mon même n ne nos notre nous on ont "
     "ou où par pas plus pour qu quand que qui s sa sans se ses si son sont sur ta tout tous très "
     "tu un une vos votre vous y à être été"},
    {"it", "Italian",
     "a ad agli ai al alla alle anche che chi ci come con cosa da dal dalla dei del della delle "
     "dello di dove e ed era gli ha hanno i il in io l la le lei lo loro lui ma mi molto ne nei "
     "nel nella noi non nostra nostro o ogni per perché più quando quello questa questo se sei si "
     "sono su sua sul sulla suo tra tu tutti tutto un una uno è"},
    {"nl", "Dutch",
     "aan al als bij dan dat de der deze die dit door dus een en er geen had heb hebben heeft het "
     "hij hoe hun ik in is je kan kunnen maar me meer met mijn na naar niet nog nu of om onder ons "
     "onze ook op over te tot u uit uw van veel voor waar was wat we wel werd wij wordt worden ze "
     "zich zij zijn zo zonder"},
    {"pt", "Portuguese",
     "a ao aos as até com como da das de dela dele depois do dos e ela ele eles em entre era essa "
     "esse esta este está eu foi há isso já lhe mais mas me mesmo meu minha muito na nas nem no "
     "nos nossa nosso não o os ou para pela pelo por porque quando que quem se sem ser seu sua são "
     "só também te tem todo um uma você à é"},
}};

using WordSet = std::unordered_set<std::string>;

const std::array<WordSet, kLanguages.size()>& WordSets() {
  static const auto* const kSets = [] {
    auto* const sets = new std::array<WordSet, kLanguages.size()>;
    for (size_t i = 0; i < kLanguages.size(); ++i) {
      for (const auto word : absl::StrSplit(std::string(kLanguages[i].function_words), ' ')) {
        (*sets)[i].insert(std::string(word));
      }
    }
    return sets;
  }();
  return *kSets;
}

double Share(const std::vector<std::string>& words, const WordSet& functions) {
  if (words.empty()) return 0;
  const auto found = std::count_if(words.begin(), words.end(), [&functions](const auto& word) {
    return functions.contains(word);
  });
  return static_cast<double>(found) / static_cast<double>(words.size());
}

// Returns the number of different function words of at least two letters.
size_t CountLongWords(const std::vector<std::string>& words, const WordSet& functions) {
  std::unordered_set<std::string_view> found;
  for (const std::string& word : words) {
    if (word.size() > 1 && functions.contains(word)) found.insert(word);
  }
  return found.size();
}

bool IsLetterOrMark(int32_t c) {
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::vector<std::string> PlainWords(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&words, &word] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  // A full stop or comma after a digit, which belongs to the number if another digit follows.
  char mark = 0;
  bool after_digit = false;
  while (!text.empty()) {
    const Utf8Step step = NextUtf8(text);
    text.remove_prefix(step.bytes);
    const auto c = static_cast<int32_t>(step.valid ? step.code_point : kNoCharacter);
    const bool digit = c >= '0' && c <= '9';
    if (mark != 0 && !digit) end_word();
    if (mark != 0 && digit) word += mark;
    mark = 0;
    if (digit || IsLetterOrMark(c)) {
      AppendUtf8(static_cast<uint32_t>(utf8proc_tolower(c)), &word);
    } else if (after_digit && (c == '.' || c == ',')) {
      mark = static_cast<char>(c);
    } else {
      end_word();
    }
    after_digit = digit;
  }
  end_word();
  return words;
}

LanguageGuess DetectLanguage(std::string_view text) {
  const std::vector<std::string> words = PlainWords(text);
  if (words.size() < kMinLanguageWords) return {};
  LanguageGuess best;
  size_t best_index = 0;
  double second = 0;
  for (size_t i = 0; i < kLanguages.size(); ++i) {
    const double share = Share(words, WordSets()[i]);
    if (share > best.share) {
      second = best.share;
      best = {.code = kLanguages[i].code, .share = share};
      best_index = i;
    } else {
      second = std::max(second, share);
    }
  }
  if (best.share < kMinShare || second > kMaxSecond * best.share) return {};
  return CountLongWords(words, WordSets()[best_index]) < kMinLongWords ? LanguageGuess() : best;
}

double FunctionWordShare(std::string_view text, std::string_view code) {
  for (size_t i = 0; i < kLanguages.size(); ++i) {
    if (kLanguages[i].code == code) return Share(PlainWords(text), WordSets()[i]);
  }
  return 0;
}

std::string_view LanguageName(std::string_view code) {
  for (const Language& language : kLanguages) {
    if (language.code == code) return language.name;
  }
  return "an unknown language";
}

}  // namespace assay::evaluator
