// Implementation of the words of facts: the lists.
#include "evaluator/sense/fact_words.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <unordered_map>
#include <unordered_set>

#include "absl/strings/str_split.h"

namespace assay::evaluator {
namespace {

using Numbering = std::unordered_map<std::string, int>;
using WordSet = std::unordered_set<std::string>;

// Numbers the words of each string, from `first` on.
template <size_t kCount>
Numbering Number(const std::array<std::string_view, kCount>& lines, int first) {
  Numbering numbers;
  for (size_t i = 0; i < kCount; ++i) {
    for (const auto word : absl::StrSplit(std::string(lines[i]), ' ')) {
      numbers.emplace(std::string(word), first + static_cast<int>(i));
    }
  }
  return numbers;
}

constexpr std::array<std::string_view, 11> kNumbers = {
    "two zwei dos deux",    "three drei tres trois",  "four vier cuatro quatre",
    "five fünf cinco cinq", "six sechs seis",         "seven sieben siete sept",
    "eight acht ocho huit", "nine neun nueve neuf",   "ten zehn diez dix",
    "eleven elf once onze", "twelve zwölf doce douze"};

// "may" is left out, because it is also a verb.
constexpr std::array<std::string_view, 12> kMonths = {"january januar enero janvier",
                                                      "february februar febrero février",
                                                      "march märz marzo mars",
                                                      "april abril avril",
                                                      "mai mayo",
                                                      "june juni junio juin",
                                                      "july juli julio juillet",
                                                      "august agosto août",
                                                      "september septiembre septembre",
                                                      "october oktober octubre octobre",
                                                      "november noviembre novembre",
                                                      "december dezember diciembre décembre"};

constexpr std::array<std::string_view, 7> kWeekdays = {
    "monday montag montags lunes lundi",
    "tuesday dienstag dienstags martes mardi",
    "wednesday mittwoch mittwochs miércoles mercredi",
    "thursday donnerstag donnerstags jueves jeudi",
    "friday freitag freitags viernes vendredi",
    "saturday samstag samstags sábado samedi",
    "sunday sonntag sonntags domingo dimanche"};

constexpr std::array<std::string_view, 7> kUnitNames = {"second", "minute", "hour", "day",
                                                        "week",   "month",  "year"};
constexpr std::array<std::string_view, 7> kTimeUnits = {
    "second seconds sekunde sekunden segundo segundos seconde secondes",
    "minute minutes minuten minuto minutos",
    "hour hours stunde stunden hora horas heure heures",
    "day days tag tage tagen día días jour jours",
    "week weeks woche wochen semana semanas semaine semaines",
    "month months monat monate monaten mes meses mois",
    "year years jahr jahre jahren año años an ans année années"};
// Aligned with the last four names of kUnitNames.
constexpr std::array<std::string_view, 4> kFrequencies = {
    "daily täglich diario diaria quotidien quotidienne",
    "weekly wöchentlich wöchentliche wöchentlichen semanal semanales hebdomadaire",
    "monthly monatlich monatliche monatlichen mensual mensuales mensuel mensuelle",
    "yearly annual annually jährlich jährliche jährlichen anual anuales annuel annuelle"};
constexpr int kFirstFrequency = 3;

constexpr std::string_view kEvery = "every each jede jeden jeder jedes cada chaque";
constexpr std::string_view kWritingUnits =
    "word words character characters sentence sentences hashtag hashtags emoji emojis paragraph "
    "paragraphs line lines bullet bullets section sections heading headings question questions "
    "wort worte wörter wörtern zeichen satz sätze sätzen absatz absätze absätzen palabra palabras "
    "carácter caracteres frase frases párrafo párrafos mot mots caractère caractères phrase "
    "phrases paragraphe paragraphes";
constexpr std::string_view kNoUnits =
    "to of and or in at on by for from with than as is are was the a an bis und oder von im am um "
    "ist das die der a y o de en por para con que es la el los las à et ou du des le les dans pour "
    "par avec est not per times";

WordSet SetOf(std::string_view list) {
  WordSet set;
  for (const auto word : absl::StrSplit(std::string(list), ' ')) set.insert(std::string(word));
  return set;
}

int Look(const Numbering& numbers, std::string_view word) {
  const auto found = numbers.find(std::string(word));
  return found == numbers.end() ? 0 : found->second;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Removes the marks between thousands; the other mark is the decimal point.
std::string PlainNumber(std::string_view word) {
  constexpr size_t kThousand = 3;
  std::string plain;
  for (size_t i = 0; i < word.size(); ++i) {
    if (IsDigit(word[i])) {
      plain += word[i];
      continue;
    }
    size_t digits = 0;
    while (i + 1 + digits < word.size() && IsDigit(word[i + 1 + digits])) ++digits;
    if (digits != kThousand) plain += '.';
  }
  return plain;
}

}  // namespace

std::optional<double> NumberValue(std::string_view word) {
  static const auto* const kWords = new Numbering(Number(kNumbers, 2));
  if (const int value = Look(*kWords, word); value != 0) return value;
  const bool digits = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return IsDigit(c) || c == '.' || c == ',';
  });
  if (!digits) return std::nullopt;
  return std::strtod(PlainNumber(word).c_str(), nullptr);
}

int MonthOf(std::string_view word) {
  static const auto* const kWords = new Numbering(Number(kMonths, 1));
  return Look(*kWords, word);
}

int WeekdayOf(std::string_view word) {
  static const auto* const kWords = new Numbering(Number(kWeekdays, 1));
  return Look(*kWords, word);
}

std::string_view TimeUnitOf(std::string_view word) {
  static const auto* const kWords = new Numbering(Number(kTimeUnits, 1));
  const int unit = Look(*kWords, word);
  return unit == 0 ? std::string_view() : kUnitNames[static_cast<size_t>(unit) - 1];
}

std::string_view FrequencyOf(std::string_view word) {
  static const auto* const kWords = new Numbering(Number(kFrequencies, 1));
  const int frequency = Look(*kWords, word);
  return frequency == 0 ? std::string_view()
                        : kUnitNames[static_cast<size_t>(kFirstFrequency + frequency - 1)];
}

bool IsEvery(std::string_view word) {
  static const auto* const kWords = new WordSet(SetOf(kEvery));
  return kWords->contains(std::string(word));
}

bool IsWritingUnit(std::string_view word) {
  static const auto* const kWords = new WordSet(SetOf(kWritingUnits));
  return kWords->contains(std::string(word));
}

bool IsNoUnit(std::string_view word) {
  static const auto* const kWords = new WordSet(SetOf(kNoUnits));
  return kWords->contains(std::string(word));
}

std::string SingularStem(std::string_view word) {
  constexpr size_t kShortest = 4;
  if (word == "people") word = "person";
  for (const std::string_view ending : {"es", "en", "s", "e", "n"}) {
    if (word.size() >= kShortest + ending.size() - 1 && word.ends_with(ending)) {
      return std::string(word.substr(0, word.size() - ending.size()));
    }
  }
  return std::string(word);
}

}  // namespace assay::evaluator
